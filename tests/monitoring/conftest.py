import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from suhu_jobs.alert import Alert
from suhu_jobs.alert_figures import AlertFigures
from suhu_jobs.pipeline.figures import Figures

from dashboard.measures import Measures, rendered
from sandbox.ports import Port
from sandbox.programs import Gateway

PATIENCE_S = 30.0
# Kafka is nowhere: all that is asked of the gateway here is what it tells.
CONFIGURATION = """
[journal]
path = "{folder}/journal.db"
[kafka]
bootstrap_servers = ["127.0.0.1:1"]
[health]
listen = "127.0.0.1:{port}"
"""
MEASURES = Measures(
    kafka_up=True, sensors=3, clients=1, max_clients=50, refused_clients=0, records={"sensor-suhu": 1}, skipped={"x": 1}
)


class PrintingJob:
    """What the figures of the alert job are read from, after a warning."""

    is_up, restarts = True, 0
    newest = (Alert("readings", 0, 7, "S1", 81.0, 80.0, "2026-11-22T03:04:05.678Z", None), 1.0)

    def __init__(self) -> None:
        self.counts = Counter(printed=1)

    def places(self) -> dict[int, tuple[int, int]]:
        return {0: (1, 0)}


def gateway_on(port: int, folder: Path) -> Gateway:
    """The real gateway with its health port and the simulator; not started yet."""
    config = folder / "gateway.toml"
    config.write_text(CONFIGURATION.format(folder=folder, port=port))
    return Gateway(folder, config, arguments=["--simulate"])


def scraped(port: int) -> str:
    """What Prometheus would read; "" while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.URLError:
        return ""


def names_in(text: str) -> set[str]:
    """Every metric of a scrape, also one that has no value at the moment."""
    found = set()
    for family in text_string_to_metric_families(text):
        found.add(f"{family.name}_total" if family.type == "counter" else family.name)
        found |= {sample.name for sample in family.samples}
    return found


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of all metrics that our programs tell: a real gateway's, and what the jobs' ports answer from."""
    port, job, pipeline = Port.reserve(), PrintingJob(), Figures()
    pipeline.add_query("stats")
    with gateway_on(port.number, tmp_path_factory.mktemp("gateway")) as gateway:
        gateway.wait_until(lambda: scraped(port.number), PATIENCE_S, "its port")
        texts = [scraped(port.number)]
    port.release()
    texts.append(rendered(MEASURES).decode())
    texts += [generate_latest(one).decode() for one in (AlertFigures(job, job).registry(), pipeline.registry)]
    return set().union(*(names_in(text) for text in texts))
