from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How much each measurement takes."""

    drained: int = 3_000_000  # readings that lie in the topic
    growth: int = 1_000_000  # the same, where only the ratio to the next one counts
    latency_s: int = 60
    windows_s: int = 60


QUICK = Scale(drained=300_000, growth=200_000, latency_s=8, windows_s=25)
