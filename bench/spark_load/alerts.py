"""What the alert job takes: how long from a reading to its line, and how fast it reads what has piled up."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.footprint import FamilyFootprint
from bench.latency import Latency
from bench.spark_load.readings import HOT_CELSIUS, HOT_EVERY, Preload, Steady, number_of
from bench.targets import Figures
from sandbox.kafka import Kafka
from sandbox.spark import AlertJob

RATE = 100.0  # hot readings a second
PARTITIONS = 3
SENSORS = 100
WARM_UP_S = 15  # the JVM compiles what it runs often
DRAIN_TIMEOUT_S = 600.0
PRINT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Line:
    """A printed warning."""

    number: int
    at_ns: int


class Listener:
    """Notes when each warning comes out of the job, and what the job had cost when the first one did."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.job: AlertJob | None = None
        self.cpu_at_first_s = 0.0

    def __call__(self, line: str) -> None:
        """Note one line."""
        at_ns = time.time_ns()
        if not line.startswith("PERINGATAN"):
            return  # the last words of a job that failed
        if not self.lines and self.job is not None:
            self.cpu_at_first_s = FamilyFootprint(self.job.pid).cpu_s()
        self.lines.append(Line(number_of(line), at_ns))

    def balance(self, expected: Sequence[int]) -> dict[str, int]:
        """What is missing, and what was printed more than once."""
        distinct = {line.number for line in self.lines}
        return {"lost": len(set(expected) - distinct), "repeated": len(self.lines) - len(distinct)}


def measure_latency(work: Path, kafka: Kafka, mode: str, seconds: int, java_options: str | None = None) -> Figures:
    """From just before a reading is handed to a Kafka producer to its line, at a steady rate."""
    topic = f"bench-{work.name}"
    for name in (topic, f"{topic}-alerts"):
        kafka.create_topic(name, PARTITIONS)
    heard = Listener()
    with _job(work, kafka, topic, mode, heard, java_options) as job:
        steady = Steady(kafka, topic, PARTITIONS, rate=RATE, sensors=SENSORS, celsius=HOT_CELSIUS)
        steady.start()
        total = int((WARM_UP_S + seconds) * RATE)
        job.wait_for_lines(total, WARM_UP_S + seconds + PRINT_TIMEOUT_S)
        sent = steady.stop()
        job.wait_for_lines(sent, PRINT_TIMEOUT_S)
        peak_rss_mb = FamilyFootprint(job.pid).peak_rss_mb()
    first = int(WARM_UP_S * RATE)
    waited_ms = [(line.at_ns - steady.sent_at_ns[line.number]) / 1e6 for line in heard.lines if line.number >= first]
    figures = asdict(Latency.of(waited_ms))
    return {**figures, **heard.balance(range(sent)), "peak_rss_mb": round(peak_rss_mb, 1)}


def measure_drain(work: Path, kafka: Kafka, mode: str, preload: Preload, java_options: str | None = None) -> Figures:
    """How fast the job reads what lies in the topic, from the first printed warning to the last.

    The hot readings are spread evenly, so that what lies between two of them was read between their lines.
    """
    heard = Listener()
    with _job(work, kafka, preload.topic, mode, heard, java_options) as job:
        family = FamilyFootprint(job.pid)
        job.wait_for_lines(preload.hot, DRAIN_TIMEOUT_S)
        cpu_s = family.cpu_s() - heard.cpu_at_first_s
        peak_rss_mb = family.peak_rss_mb()
    took_s = (heard.lines[-1].at_ns - heard.lines[0].at_ns) / 1e9
    return {
        "records_per_s": round(preload.count / took_s),
        "records_per_cpu_s": round(preload.count / cpu_s),
        "n": preload.count,
        **heard.balance(range(0, preload.count, HOT_EVERY)),
        "peak_rss_mb": round(peak_rss_mb, 1),
    }


def _job(work: Path, kafka: Kafka, topic: str, mode: str, heard: Listener, java_options: str | None = None) -> AlertJob:
    work.mkdir(parents=True)
    heard.job = AlertJob(
        work,
        kafka.bootstrap_servers,
        work / "checkpoint",
        mode=mode,
        arguments=["--topic", topic, "--alerts-topic", f"{topic}-alerts"],
        submit_arguments=["--driver-java-options", java_options] if java_options else [],
        on_line=heard,
    )
    return heard.job
