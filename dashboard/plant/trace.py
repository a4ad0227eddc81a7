from array import array
from bisect import bisect_left, bisect_right

HOUR_MS = 3_600_000
PAIR_MS = 2_000  # of readings this near to each other, the coldest and the hottest are kept
TREND_MS = 60_000  # with one reading a second and a resolution of 0.1 °C good to about 0.02 °C/min
MIN_SPAN_MS = 10_000  # below, the last digit of the sensor would be read as several °C/min
STEADY_CELSIUS_PER_MIN = 0.5
_MS_PER_MIN = 60_000.0


class Trace:
    """A sensor's last hour, in the order of measuring, whatever the order of coming.

    Of a sensor that reports once a second every reading is kept; of a faster one the coldest and the hottest in each
    two seconds: 3,600 readings of 16 bytes at most, and no peak is lost.
    """

    def __init__(self) -> None:
        self._at_ms = array("d")
        self._celsius = array("d")

    def add(self, at_ms: int, celsius: float) -> None:
        """Take a reading; what it pushes out of the hour goes."""
        times, values = self._at_ms, self._celsius
        if times and at_ms < times[-1] - HOUR_MS:
            return
        at = bisect_right(times, at_ms)
        if at and times[at - 1] == at_ms and values[at - 1] == celsius:  # read again
            return
        times.insert(at, at_ms)
        values.insert(at, celsius)
        self._thin(at_ms - at_ms % PAIR_MS)
        if times[0] < times[-1] - HOUR_MS - _MS_PER_MIN:  # a minute at a time: it moves all the rest
            gone = bisect_left(times, times[-1] - HOUR_MS)
            del times[:gone], values[:gone]

    def points(self, since_ms: float) -> tuple[list[int], list[float]]:
        """Times and temperatures from then on."""
        start = bisect_left(self._at_ms, since_ms)
        return [int(at_ms) for at_ms in self._at_ms[start:]], self._celsius[start:].tolist()

    def rate(self, at_ms: int) -> float | None:
        """How fast it warms in °C per minute: the slope of the straight line that fits its last minute best.

        None as long as that cannot be told, and when the reading of that time is not the newest one here.
        """
        if not self._at_ms or self._at_ms[-1] != at_ms:
            return None
        newest_ms = self._at_ms[-1]
        start = bisect_left(self._at_ms, newest_ms - TREND_MS)
        if newest_ms - self._at_ms[start] < MIN_SPAN_MS:
            return None
        minutes = [(each_ms - newest_ms) / _MS_PER_MIN for each_ms in self._at_ms[start:]]
        celsius = self._celsius[start:]
        mean_min, mean_celsius = sum(minutes) / len(minutes), sum(celsius) / len(celsius)
        covariance = sum((at - mean_min) * (each - mean_celsius) for at, each in zip(minutes, celsius, strict=True))
        return round(covariance / sum((at - mean_min) ** 2 for at in minutes), 2)

    def _thin(self, pair_began_ms: int) -> None:
        """Keep two readings of this pair of seconds: the coldest and the hottest."""
        times, values = self._at_ms, self._celsius
        first, end = bisect_left(times, pair_began_ms), bisect_left(times, pair_began_ms + PAIR_MS)
        if end - first <= 2:
            return
        kept = {min(range(first, end), key=values.__getitem__), max(range(first, end), key=values.__getitem__)}
        if len(kept) == 1:  # all the same
            kept = {first, end - 1}
        for each in reversed(range(first, end)):
            if each not in kept:
                del times[each], values[each]


def trend(rate: float | None) -> str | None:
    """A rate in a word."""
    if rate is None:
        return None
    if abs(rate) <= STEADY_CELSIUS_PER_MIN:
        return "steady"
    return "rising" if rate > 0 else "falling"
