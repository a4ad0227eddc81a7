from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """What time it is, by both clocks."""

    wall_ms: int  # UTC; may be set
    steady_s: float  # monotonic: ages are told by it
