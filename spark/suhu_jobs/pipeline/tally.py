import math
from typing import TypedDict


class Tally(TypedDict):
    """What one sensor reported in one window, small enough to be kept as JSON for each sensor.

    Nothing in it depends on how the readings were cut into batches, and only a wobble of the sensor's clock makes it
    depend on their order.
    """

    start_ms: int  # since 1970, a multiple of the window's width
    count: int
    min: float  # °C, like max, last and sum
    max: float
    last: float  # of last_ms
    sum: list[float]  # exact: the sum is that of these numbers, which do not overlap (see add_exactly)
    above: int  # how many were strictly above the threshold
    first_ms: int  # the earliest measured_at
    last_ms: int  # the latest one
    source: str  # of the reading that is last
    told: int  # the revision of the newest record written about this window; 0: none yet


def begin(start_ms: int) -> Tally:
    """Make the tally of a window without readings."""
    return Tally(
        start_ms=start_ms,
        count=0,
        min=math.inf,
        max=-math.inf,
        last=0.0,
        sum=[],
        above=0,
        first_ms=0,
        last_ms=0,
        source="",
        told=0,
    )


def add(tally: Tally, celsius: float, at_ms: int, source: str, *, is_above: bool) -> None:
    """Count one reading in; of two with the same time the one that came later is the last."""
    first = tally["count"] == 0
    tally["count"] += 1
    tally["min"] = min(tally["min"], celsius)
    tally["max"] = max(tally["max"], celsius)
    add_exactly(tally["sum"], celsius)
    tally["above"] += is_above
    if first or at_ms < tally["first_ms"]:
        tally["first_ms"] = at_ms
    if first or at_ms >= tally["last_ms"]:
        tally["last_ms"], tally["last"], tally["source"] = at_ms, celsius, source


def mean(tally: Tally) -> float:
    """Compute the mean of at least one reading; rounding does not carry it out of what was measured."""
    return min(max(math.fsum(tally["sum"]) / tally["count"], tally["min"]), tally["max"])


def revision(tally: Tally, *, final: bool) -> int:
    """Number the record that says this: it grows with each reading, and by being final."""
    return 2 * tally["count"] + final


def add_exactly(parts: list[float], number: float) -> None:
    """Add a finite number to an exact sum, without rounding anything away.

    The sum is kept as floats whose digits do not overlap (J. R. Shewchuk, Adaptive Precision Floating-Point
    Arithmetic, 1997), as math.fsum does inside; temperatures need one or two. Overflow is out of reach: a reading is
    at most 10,000 °C.
    """
    kept = 0
    for part in parts:
        large, small = (number, part) if abs(number) >= abs(part) else (part, number)
        number = large + small
        lost = small - (number - large)
        if lost:
            parts[kept] = lost
            kept += 1
    parts[kept:] = [number]
