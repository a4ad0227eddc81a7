"""What the history keeps: every accepted reading once, as it came."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.per_sensor import fold_stream
from suhu_jobs.schema import (
    CLOCK_UNSYNCED,
    EVENT_ID,
    HISTORY_COLUMNS,
    MEASURED_AT,
    REPLAYED,
    RETAINED,
    SENSOR_ID,
    SOURCE,
    SUHU,
)

_KEPT = (
    f"{SENSOR_ID} STRING, {SUHU} DOUBLE, measured_at_ms LONG, {SOURCE} STRING, {EVENT_ID} STRING, "
    f"{REPLAYED} BOOLEAN, {CLOCK_UNSYNCED} BOOLEAN, {RETAINED} BOOLEAN, topic STRING, partition INT, offset LONG"
)


class EveryReading:
    """Lets each reading through that is no resend; the state that it needs for that is not its own."""

    def start(self) -> State:
        """Nothing."""
        return {}

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        """Emit it."""
        topic, partition, offset = reading.origin.split("/")
        emit(
            {
                SENSOR_ID: reading.sensor_id,
                SUHU: reading.celsius,
                "measured_at_ms": reading.measured_at_ms,
                SOURCE: reading.source,
                EVENT_ID: reading.event_id,
                REPLAYED: reading.replayed,
                CLOCK_UNSYNCED: reading.clock_unsynced,
                RETAINED: reading.retained,
                "topic": topic,
                "partition": int(partition),
                "offset": int(offset),
            }
        )

    def settle(self, state: State, emit: Emit) -> None:
        """Nothing is held back."""

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """Never."""
        return None

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """Is not called."""


def kept(accepted: DataFrame) -> DataFrame:
    """Take resends out of the accepted readings, and nothing else: what was retained or waited is part of history.

    Returns:
        HISTORY_COLUMNS.
    """
    readings = fold_stream(accepted, EveryReading(), _KEPT, timers=False, keep_retained=True)
    return readings.withColumn(MEASURED_AT, F.timestamp_millis("measured_at_ms")).select(*HISTORY_COLUMNS)
