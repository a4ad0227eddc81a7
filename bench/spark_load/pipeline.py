"""What the pipeline takes: how fast each query reads what has piled up, and how long a statistic takes."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from bench.footprint import FamilyFootprint
from bench.latency import Latency
from bench.spark_load.readings import NORMAL_CELSIUS, Preload, Steady
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.records import Record, read_topic
from sandbox.spark import PipelineJob

QUERIES = ("rejected", "enriched", "stats", "incidents", "history")
DRAIN_TIMEOUT_S = 1_200.0
LOOK_S = 0.1
WINDOWS_RATE, WINDOWS_SENSORS, WINDOWS_PARTITIONS = 100.0, 10, 3
LATENESS = timedelta(seconds=1)  # a window is final when a reading is so much younger than its end
WIDTH_S = 10
SETTLED_S = 15  # the first windows are the JVM's warm-up


class Progress:
    """How far queries have come, read off their checkpoints: what they have committed, they have written."""

    def __init__(self, checkpoint: Path, queries: Sequence[str], topic: str) -> None:
        self._folders = [checkpoint / query / "query" for query in queries]
        self._topic = topic

    def read(self) -> int:
        """How many readings of the topic all of the queries are done with."""
        return min(self._of(folder) for folder in self._folders)

    def _of(self, folder: Path) -> int:
        batches = [int(entry.name) for entry in folder.glob("commits/*") if entry.name.isdecimal()]
        if not batches:
            return 0
        offsets = json.loads((folder / "offsets" / str(max(batches))).read_text().splitlines()[-1])
        return sum(offsets[self._topic].values())


def measure_drain(work: Path, kafka: Kafka, queries: Sequence[str], preload: Preload) -> Figures:
    """How fast the queries, in one job, read what lies in the topic: from the end of the first batch to the last's."""
    checkpoint = work / "checkpoint"
    job = _job(work, kafka, preload.topic, queries)
    with job:
        family, progress = FamilyFootprint(job.pid), Progress(checkpoint, queries, preload.topic)
        first = job.wait_until(progress.read, DRAIN_TIMEOUT_S, "a first batch")
        began_s, cpu_before_s = time.monotonic(), family.cpu_s()
        job.wait_until(lambda: progress.read() >= preload.count, DRAIN_TIMEOUT_S, "every reading", poll_s=LOOK_S)
        took_s, cpu_s = time.monotonic() - began_s, family.cpu_s() - cpu_before_s
        peak_rss_mb = family.peak_rss_mb()
    if first >= preload.count:
        raise SandboxError(f"{preload.count} readings are too few to measure a rate")
    return {
        "records_per_s": round((preload.count - first) / took_s),
        "records_per_cpu_s": round((preload.count - first) / cpu_s),
        "n": preload.count - first,
        "peak_rss_mb": round(peak_rss_mb, 1),
    }


def measure_windows(work: Path, kafka: Kafka, seconds: int) -> Figures:
    """From the moment the broker has the reading that closes a window to when it has the window's statistics."""
    topic = f"bench-{work.name}"
    for name in (topic, f"{topic}-stats"):
        kafka.create_topic(name, WINDOWS_PARTITIONS, config={"message.timestamp.type": "LogAppendTime"})
    with _job(work, kafka, topic, ["stats"], "--stats-lateness-s", str(LATENESS.total_seconds())) as job:
        steady = Steady(
            kafka, topic, WINDOWS_PARTITIONS, rate=WINDOWS_RATE, sensors=WINDOWS_SENSORS, celsius=NORMAL_CELSIUS
        )
        steady.start()
        time.sleep(SETTLED_S + seconds)  # how long the measurement is
        sent = steady.stop()
        progress = Progress(work / "checkpoint", ["stats"], topic)
        job.wait_until(lambda: progress.read() >= sent, DRAIN_TIMEOUT_S, "every reading")
        peak_rss_mb = FamilyFootprint(job.pid).peak_rss_mb()
    readings = read_topic(kafka.bootstrap_servers, topic)
    statistics = read_topic(kafka.bootstrap_servers, f"{topic}-stats")
    waited_ms = closing_times(readings, statistics)
    if len(waited_ms) < WINDOWS_SENSORS:
        raise SandboxError(f"only {len(waited_ms)} windows were closed")
    return {**asdict(Latency.of(waited_ms)), "peak_rss_mb": round(peak_rss_mb, 1)}


def closing_times(readings: Sequence[Record], statistics: Sequence[Record]) -> list[float]:
    """Of each final window after the warm-up: how long after its closing reading it came, in ms."""
    settled_ms = min(record.timestamp_ms for record in readings) + SETTLED_S * 1000
    by_sensor: dict[str, list[tuple[datetime, int]]] = {}
    for record in readings:
        fields = json.loads(record.value or b"")
        by_sensor.setdefault(fields["sensor_id"], []).append((_instant(fields["measured_at"]), record.timestamp_ms))
    waited_ms = []
    for record in statistics:
        fields = json.loads(record.value or b"")
        if not fields["final"] or fields["window_s"] != WIDTH_S:
            continue
        closes_at = _instant(fields["window_start"]) + timedelta(seconds=WIDTH_S) + LATENESS
        closed_ms = next((at_ms for at, at_ms in by_sensor[fields["sensor_id"]] if at >= closes_at), None)
        if closed_ms is not None and closed_ms >= settled_ms:
            waited_ms.append(float(record.timestamp_ms - closed_ms))
    return waited_ms


def _job(work: Path, kafka: Kafka, topic: str, queries: Sequence[str], *arguments: str) -> PipelineJob:
    work.mkdir(parents=True)
    history = ["--history", str(work / "history")] if "history" in queries else []
    return PipelineJob(
        work,
        kafka.bootstrap_servers,
        work / "checkpoint",
        queries=queries,
        arguments=["--topic", topic, *history, *arguments],
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
