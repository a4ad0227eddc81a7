"""What the gateway does with many readings at once: from the broker's queue, into the journal, out of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from bench.footprint import Footprint
from bench.gateway_load.arrivals import Account, records_per_s
from bench.gateway_load.stage import Stage
from bench.targets import Figures


def measure_drain(stage: Stage, count: int) -> Figures:
    """Queue messages in the broker while the gateway is down, and start it.

    Raises:
        SandboxError: a part failed.
    """
    stage.start_gateway()
    stage.await_sources()
    stage.gateway.stop()
    stage.publish(count)
    stage.published()
    return _until_landed(stage, stage.start_gateway(), count)


def measure_backlog(stage: Stage, count: int) -> Figures:
    """Fill the journal while Kafka is stopped, and start Kafka.

    Raises:
        SandboxError: a part failed.
    """
    with _kafka_down(stage, count) as footprint:
        footprint.forget_peak()
        spent_s = footprint.cpu_s()
    return _until_landed(stage, footprint, count, spent_s)


def measure_outage(stage: Stage, count: int) -> Figures:
    """Fill the journal while Kafka is stopped, and look at the memory this takes.

    Raises:
        SandboxError: a part failed.
    """
    with _kafka_down(stage, count) as footprint:
        peak_rss_mb = footprint.peak_rss_mb()
    arrivals = stage.topic.read_complete(count)
    return {"records": count, "peak_rss_mb": round(peak_rss_mb, 1), **asdict(Account.of(arrivals, count))}


@contextmanager
def _kafka_down(stage: Stage, count: int) -> Iterator[Footprint]:
    """Kafka is down, and `count` readings wait for it in the journal; it is up again when the context ends."""
    footprint = stage.start_gateway()
    stage.await_sources()
    try:
        stage.kafka.stop()
        footprint.forget_peak()
        stage.publish(count)
        stage.published()
        stage.await_journaled(count)
        yield footprint
    finally:
        stage.kafka.start()


def _until_landed(stage: Stage, footprint: Footprint, count: int, spent_s: float | None = None) -> Figures:
    """Wait for all, and tell speed and cost; `spent_s` is the CPU time before, else it is read now."""
    before_s = footprint.cpu_s() if spent_s is None else spent_s
    stage.topic.wait_beyond(count - 1)
    cpu_s = footprint.cpu_s() - before_s
    arrivals = stage.topic.read_complete(count)
    return {
        "records": count,
        "records_per_s": round(records_per_s(arrivals)),
        "cpu_s_per_100k": round(cpu_s / count * 100_000, 2),
        "peak_rss_mb": round(footprint.peak_rss_mb(), 1),
        **asdict(Account.of(arrivals, count)),
    }
