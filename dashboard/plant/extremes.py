HOUR_MIN = 60


class Extremes:
    """The lowest and the highest of a sensor's last hour, by minutes: sixty that are over and the one that is not."""

    def __init__(self) -> None:
        self._minutes: dict[int, tuple[float, float]] = {}

    def add(self, at_ms: int, celsius: float, now_ms: int) -> None:
        """Take a reading of the last hour; what is older, or ahead of the clock, is of no hour."""
        minute, now_min = at_ms // 60_000, now_ms // 60_000
        if minute < now_min - HOUR_MIN:
            return
        low, high = self._minutes.get(minute, (celsius, celsius))
        self._minutes[minute] = min(low, celsius), max(high, celsius)
        if len(self._minutes) > HOUR_MIN + 1:
            self._drop(now_min)

    def within(self, now_ms: int) -> tuple[float, float] | None:
        """The lowest and the highest; None: the sensor said nothing in this hour."""
        self._drop(now_ms // 60_000)
        if not self._minutes:
            return None
        return min(low for low, _ in self._minutes.values()), max(high for _, high in self._minutes.values())

    def _drop(self, now_min: int) -> None:
        for minute in [each for each in self._minutes if each < now_min - HOUR_MIN]:
            del self._minutes[minute]
