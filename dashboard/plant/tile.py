from typing import Any

from dashboard.machines import Machine
from dashboard.plant.extremes import Extremes
from dashboard.plant.moment import Moment
from dashboard.plant.resends import Resends
from dashboard.plant.trace import HOUR_MS, Trace, trend
from dashboard.records.reading import Reading


class Tile:
    """One sensor: its newest reading, its last hour, and since when it is silent.

    Attributes:
        newest: None until a reading came that says something about now.
        heard_s: when a reading of it was last known to be new, on the monotonic clock.
        readings: how many came.
        is_stale: it has been silent for too long.
        version: of the plant's last change here.
    """

    __slots__ = (
        "_extremes",
        "_resends",
        "_trace",
        "heard_s",
        "is_live",
        "is_stale",
        "newest",
        "readings",
        "seen_ms",
        "sensor_id",
        "version",
    )

    def __init__(self, sensor_id: str) -> None:
        self.sensor_id = sensor_id
        self.newest: Reading | None = None
        self.is_live = False
        self.is_stale = False
        self.heard_s = float("-inf")
        self.seen_ms = 0
        self.readings = 0
        self.version = 0
        self._trace = Trace()
        self._extremes = Extremes()
        self._resends = Resends()

    def is_resend(self, reading: Reading) -> bool:
        """Tell whether it was here before, and note it."""
        return self._resends.sees(reading.partition, reading.journal, reading.sequence, reading.measured_at_ms)

    def take(self, reading: Reading, now: Moment, *, live: bool) -> None:
        """Take a reading.

        Args:
            reading: no resend.
            now: what time it is.
            live: it came just now; else it was in Kafka before the dashboard was there, and never replaces what came.
        """
        at_ms = now.wall_ms if reading.unsynced else reading.measured_at_ms
        self._trace.add(at_ms, reading.celsius)
        self._extremes.add(at_ms, reading.celsius, now.wall_ms)
        self.readings += 1
        if self.is_live and not live:
            return
        if not live and self.newest is not None and self.newest.measured_at_ms > reading.measured_at_ms:
            return
        self.newest = reading
        self.is_live = live
        waited_ms = 0 if live and not reading.replayed else max(0, now.wall_ms - at_ms)
        self.seen_ms = now.wall_ms if live else at_ms
        self.heard_s = max(self.heard_s, now.steady_s - waited_ms / 1000)

    def silent_s(self, now: Moment) -> float:
        """For how long it has said nothing new."""
        return now.steady_s - self.heard_s

    def points(self, now: Moment) -> tuple[list[int], list[float]]:
        """Times in ms and temperatures of the last hour."""
        return self._trace.points(now.wall_ms - HOUR_MS)

    def shown(self, machine: Machine | None, now: Moment) -> dict[str, Any] | None:
        """The tile as the page gets it; None as long as there is nothing to show."""
        newest = self.newest
        if newest is None:
            return None
        limits = machine or Machine(self.sensor_id)
        rate = None if newest.unsynced or self.is_stale else self._trace.rate(newest.measured_at_ms)
        low, high = self._extremes.within(now.wall_ms) or (None, None)
        return {
            "id": self.sensor_id,
            "name": limits.name,
            "celsius": newest.celsius,
            "at_ms": newest.measured_at_ms,
            "seen_ms": self.seen_ms,
            "source": newest.source,
            "level": limits.level(newest.celsius),
            "stale": self.is_stale,
            "simulated": newest.simulated,
            "unsynced": newest.unsynced,
            "replayed": newest.replayed,
            "rate": rate,
            "trend": trend(rate),
            "min": low,
            "max": high,
            "limit": limits.critical_above_celsius,
            "warn": limits.warning_above_celsius,
        }
