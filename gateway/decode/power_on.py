"""The value that a DS18B20 holds before its first measurement, told from the same temperature measured."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.decode.found import Found
from gateway.errors import FrameError

JUMP_CELSIUS = 20.0  # no machine heats by so much and cools again within two samples
MAX_SENSORS = 1_024  # of one port; ids can also come from a broken line


class PowerOnFilter:
    """Holds a doubtful value back until its sensor's next one decides.

    A value that equals `power_on` is dropped when it is the first of its sensor, or differs by more than
    JUMP_CELSIUS from both neighbours; otherwise it is kept and marked suspect. Repeats of it are no neighbours:
    a sensor that loses power at each measurement repeats it for ever.

    Args:
        power_on: °C.
    """

    def __init__(self, power_on: float) -> None:
        self._power_on = power_on
        self._last: dict[str, float] = {}
        self._held: dict[str, Found] = {}

    def reset(self) -> None:
        """The device was connected again, and so perhaps powered on."""
        self._last.clear()
        self._held.clear()

    def passed(self, found: Found) -> Sequence[Found | FrameError]:
        """What can be said now: the reading, what was held back before it, or why it is dropped."""
        sensor_id = found.sensor_id
        held = self._held.pop(sensor_id, None)
        last = self._last.get(sensor_id)
        if found.celsius == self._power_on:
            dropped = [] if held is None else [self._dropped()]
            if last is None:
                return [*dropped, self._dropped()]
            if abs(last - found.celsius) <= JUMP_CELSIUS:
                return [*dropped, replace(found, suspect=True)]
            self._held[sensor_id] = found
            return dropped
        if last is None and len(self._last) >= MAX_SENSORS:
            oldest = next(iter(self._last))
            del self._last[oldest]
            self._held.pop(oldest, None)
        self._last[sensor_id] = found.celsius
        if held is None:
            return [found]
        if abs(held.celsius - found.celsius) <= JUMP_CELSIUS:
            return [replace(held, suspect=True), found]
        return [self._dropped(), found]

    def end(self) -> Sequence[FrameError]:
        """What was held back is dropped: no neighbour spoke for it."""
        held = len(self._held)
        self.reset()
        return [self._dropped()] * held

    def _dropped(self) -> FrameError:
        return FrameError("power_on", f"{self._power_on:g} °C: what this sensor holds before it has measured")
