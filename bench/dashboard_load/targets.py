"""What `make bench-dashboard` is held against: the limits that must hold, and what is aimed for."""

from collections.abc import Mapping

from bench.targets import Figures, Target, Verdict

LATENCY = (Target("p99_ms", 250, 150), Target("p50_ms", 150, 75))
TARGETS: Mapping[str, tuple[Target, ...]] = {
    "start": (Target("start_s", 2, 1),),
    "sensors_3": (*LATENCY, Target("rss_mb", 150, 100)),
    "sensors_1000": (*LATENCY, Target("rss_mb", 300, 200)),
}


def verdicts(name: str, figures: Figures) -> list[Verdict]:
    """A measurement's figures beside their limits."""
    return [target.verdict(figures[target.figure]) for target in TARGETS[name]]
