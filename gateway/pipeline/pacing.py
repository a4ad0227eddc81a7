"""When a sensor's reading goes on ("each second"), and which one. Pure: the clock is an argument."""

from dataclasses import dataclass
from datetime import timedelta
from heapq import heapify, heappop, heappush
from typing import Literal

from gateway.journal import Append, Hold, Release
from gateway.model import Reading

Keep = Literal["newest", "max"]

# A reading may come this part of the interval early and still go on at once. Devices that report once a
# second jitter by some milliseconds; without slack each early one would wait.
SLACK = 0.1


@dataclass(slots=True)
class _Sensor:
    due_s: float  # monotonic; when the next reading may go on
    held: Reading | None = None
    held_at_s: float = 0.0  # arrival of the first reading held in this interval
    replaced: bool = False  # a later one took its place


class Pacer:
    """One reading per sensor and interval: the first at once, then the newest when the interval is over.

    Each sensor has a grid of due times of its own (docs/decisions/0005-each-second.md). A reading that
    comes late leaves the grid as it is, so that a delay on the way of one reading does not delay the
    next; after a whole missed interval the grid starts over. A sensor that is alone in its interval and
    still has to wait pulls its grid forward by SLACK each time, until it waits for nothing.

    A retained reading goes on at once and leaves the grid alone. Readings that were measured an interval or more
    apart never replace each other, however close together they arrive: what a device or a broker had stored while
    a link was down is not one second's worth.

    Args:
        interval_s: the interval; 0 lets every reading through.
        keep: which of the readings of one interval goes on.
    """

    def __init__(self, interval_s: float, keep: Keep) -> None:
        self._interval_s = interval_s
        self._keep = keep
        self._sensors: dict[str, _Sensor] = {}
        self._due: list[tuple[float, str]] = []  # heap; exactly one entry per sensor that holds a reading
        self.superseded_total = 0

    def offer(self, reading: Reading, now_s: float) -> Append | Hold | None:
        """What the journal must do with this reading; None when a hotter one is already held.

        Args:
            reading: the reading, in order of arrival.
            now_s: monotonic time.
        """
        if self._interval_s == 0 or reading.retained:  # an old value takes no live reading's place or turn
            return Append(reading)
        sensor = self._sensors.get(reading.sensor_id)
        if sensor is None:
            sensor = self._sensors[reading.sensor_id] = _Sensor(due_s=now_s)
        if sensor.held is None:
            if now_s >= sensor.due_s - SLACK * self._interval_s:
                grid_holds = now_s - sensor.due_s < self._interval_s
                sensor.due_s = (sensor.due_s if grid_holds else now_s) + self._interval_s
                return Append(reading)
            heappush(self._due, (sensor.due_s, reading.sensor_id))
            sensor.held, sensor.held_at_s, sensor.replaced = reading, now_s, False
            return Hold(reading)
        self.superseded_total += 1
        sensor.replaced = True
        if self._keep == "max" and sensor.held.celsius >= reading.celsius:
            return None
        sensor.held = reading
        return Hold(reading)

    def make_way(self, reading: Reading) -> Release | None:
        """The held reading of this one's sensor when it is of another interval; ask before `offer`."""
        sensor = self._sensors.get(reading.sensor_id)
        if sensor is None or sensor.held is None or reading.retained:
            return None
        if abs(reading.measured_at - sensor.held.measured_at) < timedelta(seconds=self._interval_s):
            return None
        self._due.remove((sensor.due_s, reading.sensor_id))
        heapify(self._due)
        return self._take(sensor)

    def release(self, now_s: float) -> list[Release]:
        """The held readings whose interval is over."""
        released = []
        while self._due and self._due[0][0] <= now_s:
            due_s, sensor_id = heappop(self._due)
            sensor = self._sensors[sensor_id]
            pull_s = 0.0 if sensor.replaced else min(due_s - sensor.held_at_s, SLACK * self._interval_s)
            sensor.due_s = due_s + self._interval_s - pull_s
            released.append(self._take(sensor))
        return released

    def release_all(self) -> list[Release]:
        """Everything held, due or not: the gateway stops."""
        released = [self._take(self._sensors[sensor_id]) for _, sensor_id in sorted(self._due)]
        self._due.clear()
        return released

    def next_due_s(self) -> float | None:
        """Monotonic time at which `release` has something; None when nothing is held."""
        return self._due[0][0] if self._due else None

    @staticmethod
    def _take(sensor: _Sensor) -> Release:
        reading, sensor.held = sensor.held, None
        assert reading is not None  # noqa: S101 - the heap has an entry only for sensors that hold one
        return Release(reading)
