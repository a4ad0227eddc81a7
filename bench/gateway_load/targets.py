"""What `make bench-gateway` is held against: the limits that must hold, and what is aimed for."""

from collections.abc import Mapping

from bench.targets import Figures, Target, Verdict

NONE_LOST = Target("lost", 0)
IN_ORDER = Target("reordered", 0)
DRAIN = (
    Target("records_per_s", 25_000, 35_000, at_least=True),
    Target("cpu_s_per_100k", 3.2),
    NONE_LOST,
    IN_ORDER,
)
DRAIN_FAST = (
    Target("records_per_s", 60_000, 100_000, at_least=True),
    Target("cpu_s_per_100k", 1.5),
    NONE_LOST,
    IN_ORDER,
)
SERIAL = (Target("cpu_percent", 20, 10), NONE_LOST, IN_ORDER)
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "drain": DRAIN,
    "drain_default_window": DRAIN,
    "drain_fast": DRAIN_FAST,
    "backlog": (Target("records_per_s", 30_000, at_least=True), NONE_LOST, IN_ORDER),
    "backlog_fast": (Target("records_per_s", 80_000, at_least=True), NONE_LOST, IN_ORDER),
    "latency": (Target("p50_ms", 12, 5), Target("p99_ms", 30, 15), Target("cpu_percent", 40), NONE_LOST),
    "idle": (Target("cpu_percent", 1.0, 0.7), Target("rss_mb", 48, 40)),
    "outage": (Target("peak_rss_mb", 60, 50), NONE_LOST, IN_ORDER),
    "serial": SERIAL,
    "serial_fast": SERIAL,
    "serial_paced": (Target("cpu_percent", 20, 10), NONE_LOST),
    "start": (Target("start_s", 1.0),),
    "kills": (NONE_LOST, IN_ORDER, Target("duplicates_per_kill", 50, 8)),
}


def verdicts(name: str, figures: Figures) -> list[Verdict]:
    """A measurement's figures beside their limits."""
    return [target.verdict(figures[target.figure]) for target in TARGETS[name]]
