"""One reading that a device prints twice, in °C and in °F, on two lines."""

from collections.abc import Sequence

from gateway.decode.found import Found
from gateway.errors import FrameError

LINES_APART = 3
ROUNDING_CELSIUS = 0.6  # whole degrees Fahrenheit
MAX_SENSORS = 1_024  # of one port; ids can also come from a broken line


class Twins:
    """Lets the first of the two pass. `C = 23.75` and then `F = 74.75` are one measurement of a MAX6675."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, float, int]] = {}
        self._line = 0

    def reset(self) -> None:
        """The port was opened anew."""
        self._last.clear()

    def without(self, outcome: Sequence[Found | FrameError]) -> list[Found | FrameError]:
        """The outcome of one line without what the lines before have said in the other unit."""
        self._line += 1
        return [kept for one in outcome if (kept := self._kept(one)) is not None]

    def _kept(self, one: Found | FrameError) -> Found | FrameError | None:
        if not isinstance(one, Found):
            return one
        unit, celsius, line = self._last.get(one.sensor_id, (one.unit, one.celsius, self._line))
        if unit != one.unit and self._line - line <= LINES_APART:
            if abs(celsius - one.celsius) <= ROUNDING_CELSIUS:
                return None
            return FrameError("ambiguous", f"{one.celsius:.2f} °C, and {celsius:.2f} °C in the other unit just before")
        self._last.pop(one.sensor_id, None)
        if len(self._last) >= MAX_SENSORS:
            del self._last[next(iter(self._last))]
        self._last[one.sensor_id] = (one.unit, one.celsius, self._line)
        return one
