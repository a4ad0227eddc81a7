"""A dashboard under a steady load: how old a reading is when its event comes out."""

import json
import sys
import time
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

from bench.dashboard_load.browsers import connect
from bench.footprint import Footprint
from bench.targets import Figures
from sandbox.dashboard import Dashboard
from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import read_topic

Reading = tuple[str, int]  # sensor, measured at, in ms
PARTITIONS = 3
STARTS = 5


def steady(work: Path, kafka: Kafka, sensors: int, clients: int, seconds: float, warm_up_s: float) -> Figures:
    """Measure one size of plant.

    From the moment at which the broker appended a reading (it writes it down: LogAppendTime) until its event has been
    read: what waits for its tenth of a second is in it. Both clocks are this machine's.
    """
    topic = f"bench-{sensors}"
    kafka.create_topic(topic, PARTITIONS, config={"message.timestamp.type": "LogAppendTime"})
    page = Dashboard(work, kafka.bootstrap_servers, arguments=["--topic", topic], name=f"dashboard-{sensors}")
    load = [sys.executable, "-m", "bench.dashboard_load.sensors", kafka.bootstrap_servers, topic, str(sensors)]
    with page:
        others = [sys.executable, "-m", "bench.dashboard_load.browsers", page.url, str(clients - 1)]
        browsers = Child(f"browsers-{sensors}", others, work)
        with Child(f"sensors-{sensors}", load, work), browsers:
            browsers.wait_for_line("connected", 30)
            used = Footprint(page.pid)
            shown, bytes_read, cpu_s = _follow(page.url, used, seconds, warm_up_s)
            rss_mb = used.rss_mb()
        appended_ms = _appended(kafka, topic)
        ages_ms = [at_ms - appended_ms[reading] for reading, at_ms in shown.items()]
        cuts = quantiles(ages_ms, n=100, method="inclusive")
        return {
            "sensors": sensors,
            "clients": clients,
            "readings": len(ages_ms),
            "p50_ms": round(cuts[49], 1),
            "p99_ms": round(cuts[98], 1),
            "max_ms": round(max(ages_ms), 1),
            "cpu_percent": round(100 * cpu_s / seconds, 1),
            "rss_mb": round(rss_mb, 1),
            "kb_per_s_and_client": round(bytes_read / seconds / 1000, 1),
        }


def _appended(kafka: Kafka, topic: str) -> dict[Reading, int]:
    """When the broker got each reading."""
    found: dict[Reading, int] = {}
    for record in read_topic(kafka.bootstrap_servers, topic):
        fields = json.loads(record.value or b"{}")
        at_ms = round(datetime.fromisoformat(fields["measured_at"]).timestamp() * 1000)
        found[fields["sensor_id"], at_ms] = record.timestamp_ms
    return found


def _follow(url: str, used: Footprint, seconds: float, warm_up_s: float) -> tuple[dict[Reading, float], int, float]:
    """When each reading came out, how many bytes that was, and the CPU time of the dashboard meanwhile."""
    shown: dict[Reading, float] = {}
    bytes_read = 0
    begin_s = time.monotonic() + warm_up_s
    cpu_s = 0.0
    with connect(url) as browser, browser.makefile("rb") as lines:
        for line in lines:
            now_s, now_ms = time.monotonic(), time.time() * 1000
            if now_s < begin_s:
                cpu_s = used.cpu_s()
                continue
            if now_s > begin_s + seconds:
                break
            bytes_read += len(line)
            if line.startswith(b"data: "):
                tiles = json.loads(line[6:]).get("sensors", ())
                shown |= {(tile["id"], tile["at_ms"]): now_ms for tile in tiles if not tile["stale"]}
    return shown, bytes_read, used.cpu_s() - cpu_s


def start_up(work: Path, kafka: Kafka) -> Figures:
    """How long it takes from the start of the program until it serves; the middle one of five."""
    took_s = []
    for _ in range(STARTS):
        page = Dashboard(work, kafka.bootstrap_servers, name="dashboard-start")
        began_s = time.monotonic()
        with page:
            took_s.append(time.monotonic() - began_s)
    return {"start_s": round(median(took_s), 2), "slowest_s": round(max(took_s), 2)}
