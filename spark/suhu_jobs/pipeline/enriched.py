from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.trend import follow
from suhu_jobs.schema import (
    CLOCK_UNSYNCED,
    CRITICAL_ABOVE,
    EVENT_ID,
    FAHRENHEIT,
    LEVEL,
    MACHINE,
    RATE,
    READING_ID,
    REPLAYED,
    SENSOR_ID,
    SOURCE,
    SUHU,
    WARNING_ABOVE,
)

_READING = (
    f"{READING_ID} STRING, {SENSOR_ID} STRING, {SUHU} DOUBLE, measured_at_ms LONG, {SOURCE} STRING, "
    f"{EVENT_ID} STRING, {REPLAYED} BOOLEAN, {CLOCK_UNSYNCED} BOOLEAN"
)
RATED_SCHEMA = f"{_READING}, {RATE} DOUBLE"  # what the fold Rated emits
MACHINES_SCHEMA = f"{SENSOR_ID} STRING, {MACHINE} STRING, {WARNING_ABOVE} DOUBLE, {CRITICAL_ABOVE} DOUBLE"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of sensors whose machine says nothing else; both are exceeded strictly above."""

    warning_above_celsius: float = 70.0
    critical_above_celsius: float = 80.0  # as the warnings have it


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

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """No timer."""
        return None

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """Never called."""


def enrich(rated: DataFrame, machines: DataFrame, limits: Limits) -> DataFrame:
    """Join each reading with its machine, and judge it.

    Args:
        rated: what the fold Rated emits.
        machines: MACHINES_SCHEMA, one row per sensor at most; small, since every executor gets a copy.
        limits: hold where the machine's are null.

    Returns:
        The readings in their order, with machine (null: of no known one), limits, °F and level.
    """
    warning = F.coalesce(F.col(WARNING_ABOVE), F.lit(limits.warning_above_celsius))
    critical = F.coalesce(F.col(CRITICAL_ABOVE), F.lit(limits.critical_above_celsius))
    return rated.join(F.broadcast(machines), SENSOR_ID, "left").select(
        *rated.columns,
        MACHINE,
        F.round(F.col(SUHU) * 1.8 + 32, 3).alias(FAHRENHEIT),
        warning.alias(WARNING_ABOVE),
        critical.alias(CRITICAL_ABOVE),
        _level(warning, critical).alias(LEVEL),
    )


def _level(warning: Column, critical: Column) -> Column:
    celsius = F.col(SUHU)
    return F.when(celsius > critical, "critical").when(celsius > warning, "warning").otherwise("normal")
