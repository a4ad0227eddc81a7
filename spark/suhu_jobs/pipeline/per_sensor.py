"""A fold on Spark: one state per sensor, kept in Spark's state store (docs/decisions/0039)."""

import json
from collections.abc import Iterator
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation
from pyspark.sql.streaming.stateful_processor import (
    ExpiredTimerInfo,
    StatefulProcessor,
    StatefulProcessorHandle,
    TimerValues,
)

from suhu_jobs.pipeline.folding import Fold, Reading
from suhu_jobs.pipeline.resends import is_resend
from suhu_jobs.schema import (
    CLOCK_UNSYNCED,
    EVENT_ID,
    MEASURED_AT,
    ORIGIN_COLUMNS,
    REPLAYED,
    RETAINED,
    SENSOR_ID,
    SOURCE,
    SUHU,
)

# Later than this a timer says that the job was away, or far behind, and nothing about the sensor. In between the
# readings that were waiting come first, since Spark hands over a batch's readings before its timers.
OVERDUE_MS = 10_000


def fold_stream(
    accepted: DataFrame, fold: Fold, output_schema: str, *, timers: bool = True, keep_retained: bool = False
) -> DataFrame:
    """Fold the accepted readings of each sensor, without resends, into records of `output_schema`.

    Args:
        accepted: readings, with the columns of `judging.accepted`.
        fold: what becomes of one sensor's readings.
        output_schema: columns and types of what the fold emits, as DDL.
        timers: whether the fold has timers; then Spark runs a batch at each trigger, also when there is nothing new.
        keep_retained: whether what a broker had retained reaches the fold; it is no new reading.
    """
    readings = accepted if keep_retained else accepted.filter(~F.coalesce(F.col(RETAINED), F.lit(False)))
    return (
        readings.select(
            SENSOR_ID,
            *ORIGIN_COLUMNS,
            SUHU,
            F.unix_millis(MEASURED_AT).alias("measured_at_ms"),
            SOURCE,
            EVENT_ID,
            REPLAYED,
            CLOCK_UNSYNCED,
            RETAINED,
        )
        .groupBy(SENSOR_ID)
        .transformWithState(PerSensor(fold), output_schema, "update", "ProcessingTime" if timers else "None")
    )


class PerSensor(StatefulProcessor):
    """Runs a fold for each sensor, takes resends out and keeps its one timer.

    The state is one JSON text, so that a fold may keep more than before without a new checkpoint.
    """

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Spark's executor hands us its state store."""
        self._handle = handle
        self._saved = handle.getValueState("sensor", "json STRING")

    def handleInputRows(  # noqa: N802 - Spark's name
        self,
        key: tuple[str],
        rows: Iterator[Row],
        timerValues: TimerValues,  # noqa: N803 - Spark's name
    ) -> Iterator[Row]:
        """Fold what a batch has of one sensor; Spark hands the rows over in any order."""
        sensor = self._load()
        emitted: list[Row] = []
        fresh = False
        for row in sorted(rows, key=lambda row: (row["partition"], row["offset"])):
            if not is_resend(sensor["seen"], row["partition"], row[EVENT_ID], row["measured_at_ms"]):
                fresh = True
                self._fold.reading(sensor["state"], _reading(row), lambda record: emitted.append(Row(**record)))
        if fresh:
            self._fold.settle(sensor["state"], lambda record: emitted.append(Row(**record)))
            self._set_due(sensor, timerValues.getCurrentProcessingTimeInMs())
        self._save(sensor)
        return iter(emitted)

    def handleExpiredTimer(  # noqa: N802 - Spark's name
        self,
        key: tuple[str],
        timerValues: TimerValues,  # noqa: N803 - Spark's name
        expiredTimerInfo: ExpiredTimerInfo,  # noqa: N803 - Spark's name
    ) -> Iterator[Row]:
        """Call the fold's timer, unless readings have moved it or the job was away; Spark forgets this timer."""
        sensor = self._load()
        emitted: list[Row] = []
        now_ms, due_ms = timerValues.getCurrentProcessingTimeInMs(), sensor["due_ms"]
        sensor["timer_ms"] = None
        if due_ms is not None and due_ms > now_ms:
            self._register(sensor)
        elif due_ms is not None:
            if now_ms - due_ms <= OVERDUE_MS:
                self._fold.timer(sensor["state"], now_ms, lambda record: emitted.append(Row(**record)))
            self._set_due(sensor, now_ms)
        self._save(sensor)
        return iter(emitted)

    def close(self) -> None:
        """Nothing is held beyond a batch."""

    def _load(self) -> dict[str, Any]:
        saved = self._saved.get()
        if saved is None:
            return {"state": self._fold.start(), "seen": {}, "due_ms": None, "timer_ms": None}
        sensor: dict[str, Any] = json.loads(saved[0])
        return sensor

    def _save(self, sensor: dict[str, Any]) -> None:
        self._saved.update((json.dumps(sensor, separators=(",", ":"), ensure_ascii=False),))

    def _set_due(self, sensor: dict[str, Any], now_ms: int) -> None:
        sensor["due_ms"] = self._fold.due_ms(sensor["state"], now_ms)
        self._register(sensor)

    def _register(self, sensor: dict[str, Any]) -> None:
        """Have Spark call at the due time or before; most timers are moved on by each reading and need no call."""
        due_ms, timer_ms = sensor["due_ms"], sensor["timer_ms"]
        if due_ms is None or (timer_ms is not None and timer_ms <= due_ms):
            return
        if timer_ms is not None:
            self._handle.deleteTimer(timer_ms)
        self._handle.registerTimer(due_ms)
        sensor["timer_ms"] = due_ms


def _reading(row: Row) -> Reading:
    return Reading(
        sensor_id=row[SENSOR_ID],
        celsius=row[SUHU],
        measured_at_ms=row["measured_at_ms"],
        source=row[SOURCE],
        event_id=row[EVENT_ID],
        origin=f"{row['topic']}/{row['partition']}/{row['offset']}",
        replayed=bool(row[REPLAYED]),
        clock_unsynced=bool(row[CLOCK_UNSYNCED]),
        retained=bool(row[RETAINED]),
    )
