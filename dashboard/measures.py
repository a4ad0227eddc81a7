"""How the dashboard itself is, for Prometheus."""

import os
import platform
import resource
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import CollectorRegistry

PREFIX = "suhu_dashboard_"
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
STARTED_S = time.time()


@dataclass(frozen=True, slots=True)
class Measures:
    """What is told."""

    kafka_up: bool
    sensors: int
    clients: int
    max_clients: int
    refused_clients: int
    records: Mapping[str, int]  # shown, by topic
    skipped: Mapping[str, int]  # not shown, by reason


def rendered(measures: Measures) -> bytes:
    """All of it in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Collected([*_of(measures), *_of_process()]))
    return generate_latest(registry)


class _Collected:
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _of(now: Measures) -> Iterator[Metric]:
    yield InfoMetricFamily(PREFIX + "build", "The running program.", value={"python": platform.python_version()})
    yield GaugeMetricFamily(PREFIX + "kafka_up", "Whether a broker has answered lately.", value=float(now.kafka_up))
    yield GaugeMetricFamily(PREFIX + "sensors", "Sensors that are known.", value=now.sensors)
    yield GaugeMetricFamily(PREFIX + "clients", "Browsers that are connected.", value=now.clients)
    yield GaugeMetricFamily(PREFIX + "max_clients", "How many there may be.", value=now.max_clients)
    help_text = "Browsers that found no place."
    yield CounterMetricFamily(PREFIX + "refused_clients", help_text, value=now.refused_clients)
    yield _counts("records", "Records taken from Kafka.", "topic", now.records)
    yield _counts("skipped_records", "Records that are not shown, by reason.", "reason", now.skipped)


def _of_process() -> Iterator[Metric]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident_pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    cpu_s = used.ru_utime + used.ru_stime
    yield CounterMetricFamily("process_cpu_seconds", "User and system CPU time.", value=cpu_s)
    resident_bytes = resident_pages * resource.getpagesize()
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory in use.", value=resident_bytes)
    open_fds = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is wanted
    yield GaugeMetricFamily("process_open_fds", "Open file descriptors.", value=open_fds)
    yield GaugeMetricFamily("process_start_time_seconds", "Start since 1970.", value=STARTED_S)


def _counts(name: str, help_text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, help_text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
