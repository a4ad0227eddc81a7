from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.trend import follow
from suhu_jobs.schema import CLOCK_UNSYNCED, EVENT_ID, RATE, READING_ID, REPLAYED, SENSOR_ID, SOURCE, SUHU

# What the fold emits.
RATED_SCHEMA = (
    f"{READING_ID} STRING, {SENSOR_ID} STRING, {SUHU} DOUBLE, measured_at_ms LONG, {SOURCE} STRING, "
    f"{EVENT_ID} STRING, {REPLAYED} BOOLEAN, {CLOCK_UNSYNCED} BOOLEAN, {RATE} DOUBLE"
)


class Rated:
    """A Fold: every reading, with how fast its sensor warms."""

    def start(self) -> State:
        """Nothing was heard."""
        return {"points": []}

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        """One record per reading."""
        emit(
            {
                READING_ID: reading.origin,
                SENSOR_ID: reading.sensor_id,
                SUHU: reading.celsius,
                "measured_at_ms": reading.measured_at_ms,
                SOURCE: reading.source,
                EVENT_ID: reading.event_id,
                REPLAYED: reading.replayed,
                CLOCK_UNSYNCED: reading.clock_unsynced,
                RATE: follow(state["points"], reading),
            }
        )

    def settle(self, state: State, emit: Emit) -> None:
        """Every reading was told by itself."""

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """No timer."""
        return None

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """Never called."""
