from collections.abc import Iterator
from dataclasses import dataclass

from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.statistic import counter, statistic
from suhu_jobs.pipeline.tally import Tally, add, begin, revision

WIDTHS_S = (10, 60)

# So many readings in a row from before the watermark are no stragglers: the sensor's clock was set back.
SETBACK_READINGS = 3

_Point = tuple[int, float, str]  # measured_at in ms, °C, source


@dataclass(frozen=True, slots=True)
class Windows:
    """Folds the readings of a sensor into tumbling windows of `measured_at`.

    A sensor's watermark is the newest `measured_at` of its present clock, minus `lateness_ms`. A window that ends at
    the watermark or before it is final and forgotten. Silence makes a window final, too, but it is kept: when readings
    come after all, because the gateway had held them, it is told again.

    A reading from before the watermark is in no window, so that each reading counts in all widths or in none. Fewer
    than SETBACK_READINGS of them in a row are late. As many in a row say that the clock was set back: every window is
    final, and the readings begin windows of the next number of `setbacks`, since those of their time may be forgotten.

    The state is what `start` says; there is one window of each width in it, or two around a border.
    """

    threshold_celsius: float
    lateness_ms: int
    silent_after_ms: int

    def start(self) -> State:
        """A sensor without readings."""
        return {
            "sensor_id": "",
            "setbacks": 0,  # how often its clock was set back
            "newest_ms": None,  # the latest measured_at since then
            "reached_ms": 0,  # how far its clock has come, silence included
            "behind": [],  # readings from before the watermark: fewer than SETBACK_READINGS
            "open": {},  # width in seconds -> tallies
        }

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        """Count a reading into its windows; tell those that it makes final."""
        state["sensor_id"] = reading.sensor_id
        if reading.clock_unsynced:
            emit(counter(reading.sensor_id, untimed=1))
            return
        point = (reading.measured_at_ms, reading.celsius, reading.source or "")
        if self._is_behind(state, reading.measured_at_ms):
            state["behind"].append(point)
            if len(state["behind"]) == SETBACK_READINGS:
                self._follow_clock_back(state, emit)
            return
        if state["behind"]:
            emit(counter(reading.sensor_id, late=len(state["behind"])))
            state["behind"] = []
        self._place(state, point, emit)

    def settle(self, state: State, emit: Emit) -> None:
        """Tell what has changed and is not final."""
        for width_s, tally in _tallies(state):
            self._tell(state, width_s, tally, emit, final=False)

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """Tell when a sensor that stays silent will surely have passed the end of its next window."""
        end_ms = _next_end_ms(state)
        return None if end_ms is None else now_ms + max(0, self._passed_ms(end_ms) - state["reached_ms"])

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """Make the windows that end first final: the sensor is silent."""
        end_ms = _next_end_ms(state)
        if end_ms is None:
            return
        state["reached_ms"] = self._passed_ms(end_ms)
        for width_s, tally in _tallies(state):
            if _end_ms(width_s, tally) <= end_ms:
                self._tell(state, width_s, tally, emit, final=True)

    def _is_behind(self, state: State, at_ms: int) -> bool:
        newest_ms = state["newest_ms"]
        return newest_ms is not None and at_ms < newest_ms - self.lateness_ms

    def _passed_ms(self, end_ms: int) -> int:
        return end_ms + self.lateness_ms + self.silent_after_ms

    def _place(self, state: State, point: _Point, emit: Emit) -> None:
        at_ms, celsius, source = point
        if state["newest_ms"] is None or at_ms > state["newest_ms"]:
            state["newest_ms"] = at_ms
            self._close(state, at_ms - self.lateness_ms, emit)
        state["reached_ms"] = state["newest_ms"]
        for width_s in WIDTHS_S:
            tally = _tally_at(state["open"].setdefault(str(width_s), []), at_ms - at_ms % (width_s * 1000))
            add(tally, celsius, at_ms, source, is_above=celsius > self.threshold_celsius)

    def _follow_clock_back(self, state: State, emit: Emit) -> None:
        points, state["behind"] = state["behind"], []
        self._close(state, None, emit)
        state["newest_ms"] = None
        state["setbacks"] += 1
        for point in points:
            if self._is_behind(state, point[0]):
                state["behind"].append(point)
            else:
                self._place(state, point, emit)

    def _close(self, state: State, watermark_ms: int | None, emit: Emit) -> None:
        """Tell as final, and forget, what ends at the watermark or before it; without one, everything."""
        for width_s, tally in list(_tallies(state)):
            if watermark_ms is None or _end_ms(width_s, tally) <= watermark_ms:
                self._tell(state, width_s, tally, emit, final=True)
                state["open"][str(width_s)].remove(tally)

    def _tell(self, state: State, width_s: int, tally: Tally, emit: Emit, *, final: bool) -> None:
        if revision(tally, final=final) > tally["told"]:
            tally["told"] = revision(tally, final=final)
            emit(statistic(state["sensor_id"], width_s, tally, state["setbacks"], self.threshold_celsius, final=final))


def _tallies(state: State) -> Iterator[tuple[int, Tally]]:
    for width_s, tallies in state["open"].items():
        for tally in tallies:
            yield int(width_s), tally


def _tally_at(tallies: list[Tally], start_ms: int) -> Tally:
    for tally in tallies:
        if tally["start_ms"] == start_ms:
            return tally
    tallies.append(begin(start_ms))
    return tallies[-1]


def _end_ms(width_s: int, tally: Tally) -> int:
    return tally["start_ms"] + width_s * 1000


def _next_end_ms(state: State) -> int | None:
    """The earliest end of a window that was not told as final."""
    ends = (
        _end_ms(width_s, tally) for width_s, tally in _tallies(state) if tally["told"] < revision(tally, final=True)
    )
    return min(ends, default=None)
