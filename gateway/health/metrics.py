"""The snapshot as Prometheus metrics. The names are documented in docs/operating.md; a test holds the two together."""

import os
import platform
import resource
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import CollectorRegistry

from gateway.health.snapshot import JournalSize, Snapshot

PREFIX = "suhu_gateway_"
LOSSES = ("journal_full", "journal_failed", "overload", "drop_oldest")
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def rendered(snapshot: Snapshot, size: JournalSize | None, now_s: float) -> bytes:
    """All metrics in Prometheus' text format.

    Args:
        snapshot: how the gateway is.
        size: how large its journal is; None when the journal does not answer, and its metrics are left out.
        now_s: Unix time.
    """
    registry = CollectorRegistry()
    registry.register(_Metrics([*_of_snapshot(snapshot), *(_of_journal(size, now_s) if size else ()), *_of_process()]))
    return generate_latest(registry)


class _Metrics:
    """What prometheus_client collects from."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _of_snapshot(now: Snapshot) -> Iterator[Metric]:
    build = {"version": now.version, "python": platform.python_version()}
    yield InfoMetricFamily(PREFIX + "build", "The running program.", value=build)
    yield _gauge("uptime_seconds", "Since the start or the last reload.", now.running_s)
    up = {name: float(one.is_up) for name, one in now.sources.items()}
    yield _gauges("source_up", "Whether a source is open.", "source", up)
    yield _counts("readings", "Readings taken, by kind of source.", "source", now.readings_total)
    yield _count("retained_readings", "Old values that an MQTT broker had kept.", now.retained_total)
    yield _count("superseded_readings", "Readings that a later one of their interval replaced.", now.superseded_total)
    # Told from the start: Prometheus sees no increase in what begins with a number above 0.
    dropped = dict.fromkeys(LOSSES, 0) | now.dropped_total
    yield _counts("dropped_readings", "Readings that are lost, by reason.", "reason", dropped)
    yield _counts("rejected_frames", "Frames that gave no reading, by reason.", "reason", now.rejected_total)
    yield _count("rejected_frames_sent", "Of them, sent to the topic for rejected frames.", now.rejected_sent_total)
    yield _count("rejected_frames_unsent", "Of them, held back or not taken.", now.rejected_unsent_total)
    yield _gauge("spool_records", "Committed records that Kafka has not acknowledged.", now.waiting_for_kafka)
    yield _gauge(
        "spool_failing", "Whether the journal takes nothing: full, or failing.", now.journal_trouble is not None
    )
    yield _count("delivered", "Records that Kafka has acknowledged.", now.delivered_total)
    help_text = "Attempts to send that Kafka did not take whole, by reason."
    yield _counts("delivery_failures", help_text, "reason", now.delivery_failures_total)
    yield _count("quarantined", "Records put aside: refused by Kafka for good, or damaged.", now.quarantined_total)
    if now.last_delivery_at_s is not None:
        help_text = "Unix time of Kafka's last acknowledgement."
        yield _gauge("last_delivery_timestamp_seconds", help_text, now.last_delivery_at_s)
    yield _gauge("kafka_up", "Whether Kafka takes what it gets.", now.kafka_down_s is None)
    yield _gauge("kafka_down_seconds", "For how long Kafka has taken nothing; 0: it takes.", now.kafka_down_s or 0.0)
    busy = {"journal": now.journal_busy_s, "kafka": now.kafka_busy_s}
    help_text = "For how long the step under way has taken; the watchdog goes by it."
    yield _gauges("busy_seconds", help_text, "part", busy)
    yield _gauge("stuck", "How many parts make no progress although they have work.", len(now.stuck))
    yield _count("clock_jumps", "Steps of the wall clock by more than 2 s.", now.clock_jumps_total)
    yield _gauge("clock_unsynced", "Whether the wall clock is surely wrong.", now.clock_unsynced)
    help_text = "Unix time at which the first certificate of a file or server ends."
    yield _gauges("certificate_ends_timestamp_seconds", help_text, "place", now.certificates)
    ages = {name: one.age_s for name, one in now.sensors.items()}
    yield _gauges("sensor_last_reading_age_seconds", "Since a sensor's newest reading came.", "sensor", ages)
    newest = {name: one.celsius for name, one in now.sensors.items()}
    yield _gauges("sensor_celsius", "A sensor's newest reading.", "sensor", newest)


def _of_journal(size: JournalSize, now_s: float) -> Iterator[Metric]:
    oldest_ms = size.oldest_waiting_ms
    age_s = 0.0 if oldest_ms is None else max(now_s - oldest_ms / 1000, 0.0)
    yield _gauge("spool_oldest_age_seconds", "Since the first waiting record was measured; 0: none waits.", age_s)
    yield _gauge("spool_bytes", "What the journal's file has in use.", size.bytes)
    yield _gauge("spool_max_bytes", "What the file may become (journal.max_bytes).", size.max_bytes)
    yield _gauge("spool_disk_free_bytes", "What the journal's disk has free.", size.disk_free_bytes)


def _of_process() -> Iterator[Metric]:
    """Under the names that every Prometheus client uses; its own collector says nothing where /proc/stat is hidden."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resident_pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all that is wanted
    help_text = "User and system CPU time."
    yield CounterMetricFamily("process_cpu_seconds", help_text, value=used.ru_utime + used.ru_stime)
    resident_bytes = resident_pages * resource.getpagesize()
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory in use.", value=resident_bytes)
    yield GaugeMetricFamily("process_open_fds", "Open file descriptors.", value=descriptors)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield GaugeMetricFamily("process_max_fds", "How many there may be.", value=most)


def _gauge(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, help_text, value=float(value))


def _gauges(name: str, help_text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, help_text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _count(name: str, help_text: str, value: int) -> Metric:
    return CounterMetricFamily(PREFIX + name, help_text, value=value)


def _counts(name: str, help_text: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(PREFIX + name, help_text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
