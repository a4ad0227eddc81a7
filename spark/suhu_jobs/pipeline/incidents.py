from dataclasses import dataclass

from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.trend import follow
from suhu_jobs.schema import (
    CLOCK_UNSYNCED,
    INCIDENT_ID,
    KIND,
    PEAK,
    PEAK_RATE,
    PHASE,
    READING_ID,
    REPLAYED,
    SENSOR_ID,
    SUHU,
)

# What the fold emits; `records.incident_records` makes the records of the contract of it.
INCIDENT_SCHEMA = (
    f"{INCIDENT_ID} STRING, {KIND} STRING, {PHASE} STRING, minutes LONG, {SENSOR_ID} STRING, at_ms LONG, "
    f"began_at_ms LONG, duration_ms LONG, {SUHU} DOUBLE, {PEAK} DOUBLE, {PEAK_RATE} DOUBLE, {READING_ID} STRING, "
    f"{REPLAYED} BOOLEAN, {CLOCK_UNSYNCED} BOOLEAN"
)

OVERHEATING = "overheating"
FAST_HEATING = "fast_heating"
SILENT = "silent"

BEGAN = "began"
STILL = "still"
ENDED = "ended"

_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class IncidentLimits:
    """When an incident begins and ends."""

    hot_above_celsius: float  # overheating begins strictly above
    cool_below_celsius: float  # and ends strictly below; not above hot_above_celsius
    silent_after_s: float  # without a reading, by the clock of the job
    fast_celsius_per_min: float  # fast heating begins strictly above, and ends strictly below the half of it


class Incidents:
    """A Fold: overheating, fast heating and silence of one sensor, each with a beginning and an end.

    An incident is named after the reading it began with, so every run gives it the same name. Its duration is told by
    the readings' own times and never shrinks: a clock that is set back does not count, and when a gateway's clock
    changes between wrong and right, what lies between the two is left out.
    """

    def __init__(self, limits: IncidentLimits) -> None:
        self._limits = limits

    def start(self) -> State:
        """No incident is open and nothing was heard."""
        return {OVERHEATING: None, FAST_HEATING: None, SILENT: None, "last": None, "points": []}

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        """Silence ends with any reading; then heat, then warming."""
        self._hear(state, reading, emit)
        for kind in (OVERHEATING, FAST_HEATING):
            if state[kind] is not None:
                _follow_up(state[kind], reading)
        self._judge_heat(state, reading, emit)
        self._judge_warming(state, reading, emit)
        state["last"] = _seen(reading)

    def settle(self, state: State, emit: Emit) -> None:
        """Every reading was judged by itself."""

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """Silence is noticed once; after that the next reading ends it."""
        return None if state[SILENT] is not None else now_ms + round(self._limits.silent_after_s * 1000)

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """Nothing was heard for too long: the sensor is silent since its last reading."""
        last = state["last"]
        known_ms = 0 if last["clock_unsynced"] else now_ms - last["at_ms"]
        duration_ms = max(known_ms, round(self._limits.silent_after_s * 1000))
        state[SILENT] = {"clock_unsynced": last["clock_unsynced"], "began_at_ms": last["at_ms"]}
        state[SILENT] |= {"origin": last["origin"], "duration_ms": duration_ms, "peak_celsius": None, "peak_rate": None}
        emit(_record(SILENT, BEGAN, state[SILENT], {**last, "at_ms": now_ms}))

    def _hear(self, state: State, reading: Reading, emit: Emit) -> None:
        silence = state[SILENT]
        if silence is None:
            return
        if silence["clock_unsynced"] == reading.clock_unsynced:
            silence["duration_ms"] = max(reading.measured_at_ms - silence["began_at_ms"], 0)
        emit(_record(SILENT, ENDED, silence, _seen(reading)))
        state[SILENT] = None

    def _judge_heat(self, state: State, reading: Reading, emit: Emit) -> None:
        heat = state[OVERHEATING]
        if heat is None:
            if reading.celsius > self._limits.hot_above_celsius:
                state[OVERHEATING] = _begin(reading)
                emit(_record(OVERHEATING, BEGAN, state[OVERHEATING], _seen(reading)))
        elif reading.celsius < self._limits.cool_below_celsius:
            emit(_record(OVERHEATING, ENDED, heat, _seen(reading)))
            state[OVERHEATING] = None
        elif heat["duration_ms"] // _MINUTE_MS > heat["minutes"]:
            heat["minutes"] = heat["duration_ms"] // _MINUTE_MS
            emit(_record(OVERHEATING, STILL, heat, _seen(reading)))

    def _judge_warming(self, state: State, reading: Reading, emit: Emit) -> None:
        rate = follow(state["points"], reading)
        warming, limit = state[FAST_HEATING], self._limits.fast_celsius_per_min
        if rate is None:
            return
        if warming is None and rate > limit:
            state[FAST_HEATING] = {**_begin(reading), "peak_rate": rate}
            emit(_record(FAST_HEATING, BEGAN, state[FAST_HEATING], _seen(reading)))
        elif warming is not None:
            warming["peak_rate"] = max(warming["peak_rate"], rate)
            if rate < limit / 2:
                emit(_record(FAST_HEATING, ENDED, warming, _seen(reading)))
                state[FAST_HEATING] = None


def _begin(reading: Reading) -> State:
    return {
        "origin": reading.origin,
        "began_at_ms": reading.measured_at_ms,
        "since_ms": reading.measured_at_ms,  # the same in the clock of the latest reading
        "clock_unsynced": reading.clock_unsynced,  # of the latest reading
        "duration_ms": 0,
        "minutes": 0,  # that have been told
        "peak_celsius": reading.celsius,
        "peak_rate": None,
    }


def _follow_up(incident: State, reading: Reading) -> None:
    """An open incident grows with each reading, whether it ends with it or not."""
    if incident["clock_unsynced"] != reading.clock_unsynced:
        incident["clock_unsynced"] = reading.clock_unsynced
        incident["since_ms"] = reading.measured_at_ms - incident["duration_ms"]
    incident["duration_ms"] = max(incident["duration_ms"], reading.measured_at_ms - incident["since_ms"])
    incident["peak_celsius"] = max(incident["peak_celsius"], reading.celsius)


def _seen(reading: Reading) -> State:
    return {
        "sensor_id": reading.sensor_id,
        "origin": reading.origin,
        "at_ms": reading.measured_at_ms,
        "celsius": reading.celsius,
        "replayed": reading.replayed,
        "clock_unsynced": reading.clock_unsynced,
    }


def _record(kind: str, phase: str, incident: State, seen: State) -> dict[str, object]:
    return {
        INCIDENT_ID: f"{kind}/{incident['origin']}",
        KIND: kind,
        PHASE: phase,
        "minutes": incident["minutes"] if phase == STILL else None,
        SENSOR_ID: seen["sensor_id"],
        "at_ms": seen["at_ms"],
        "began_at_ms": incident["began_at_ms"],
        "duration_ms": incident["duration_ms"],
        SUHU: seen["celsius"],
        PEAK: incident["peak_celsius"],
        PEAK_RATE: incident["peak_rate"],
        READING_ID: seen["origin"],
        REPLAYED: seen["replayed"],
        CLOCK_UNSYNCED: seen["clock_unsynced"],
    }
