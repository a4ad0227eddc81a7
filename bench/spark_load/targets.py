"""What `make bench-spark` is held against: the limits that must hold, and what is aimed for."""

from collections.abc import Mapping

from bench.targets import Figures, Target, Verdict

NONE_LOST = Target("lost", 0)
NONE_REPEATED = Target("repeated", 0)
ALERTS_DRAIN = (Target("records_per_s", 30_000, 100_000, at_least=True), NONE_LOST, NONE_REPEATED)
QUERY_DRAIN = (Target("records_per_s", 5_000, 100_000, at_least=True),)
GROWTH = (Target("records_per_s", 5_000, at_least=True),)
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "latency_realtime": (Target("p50_ms", 25, 8), Target("p99_ms", 100, 30), NONE_LOST, NONE_REPEATED),
    "latency_micro_batch": (Target("p50_ms", 500), Target("p99_ms", 2_000), NONE_LOST, NONE_REPEATED),
    "drain_realtime": ALERTS_DRAIN,
    "drain_micro_batch": ALERTS_DRAIN,
    "drain_rejected": QUERY_DRAIN,
    "drain_enriched": QUERY_DRAIN,
    "drain_stats": QUERY_DRAIN,
    "drain_incidents": QUERY_DRAIN,
    "drain_history": QUERY_DRAIN,
    "drain_all": (Target("records_per_s", 1_000, 20_000, at_least=True),),
    "windows": (Target("p50_ms", 5_000, 2_000), Target("p99_ms", 15_000, 5_000)),
    "partitions_1": GROWTH,
    "partitions_3": GROWTH,
    "partitions_12": GROWTH,
    "sensors_3": GROWTH,
    "sensors_10000": GROWTH,
}


def verdicts(name: str, figures: Figures) -> list[Verdict]:
    """A measurement's figures beside their limits."""
    return [target.verdict(figures[target.figure]) for target in TARGETS[name]]
