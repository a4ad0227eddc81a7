"""Rows -> records of Kafka, as contracts/ has them: key, value."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.pipeline.incidents import STILL
from suhu_jobs.schema import (
    AT,
    BEGAN_AT,
    DURATION_S,
    ENRICHED_COLUMNS,
    INCIDENT_COLUMNS,
    INCIDENT_ID,
    MEASURED_AT,
    PHASE,
    RECORD_ID,
    SENSOR_ID,
)


def enriched_records(enriched: DataFrame) -> DataFrame:
    """Encode what `enriched.enrich` gives."""
    return _records(enriched.withColumn(MEASURED_AT, _instant("measured_at_ms")), ENRICHED_COLUMNS)


def incident_records(incidents: DataFrame) -> DataFrame:
    """Encode what the fold Incidents emits; each record gets an id that it has in every run."""
    minutes = F.when(F.col(PHASE) == STILL, F.col("minutes").cast("string"))
    told = incidents.withColumns(
        {
            RECORD_ID: F.concat_ws("/", INCIDENT_ID, PHASE, minutes),
            AT: _instant("at_ms"),
            BEGAN_AT: _instant("began_at_ms"),
            DURATION_S: F.col("duration_ms") / 1000,
        }
    )
    return _records(told, INCIDENT_COLUMNS)


def _records(rows: DataFrame, columns: tuple[str, ...]) -> DataFrame:
    """Every field is there, what is not known as null: readers need not ask twice."""
    value = F.to_json(F.struct(*columns), {"ignoreNullFields": "false"})
    return rows.select(F.col(SENSOR_ID).cast("binary").alias("key"), value.cast("binary").alias("value"))


def _instant(column: str) -> Column:
    """UTC, which the session's time zone is, with milliseconds."""
    return F.date_format(F.timestamp_millis(F.col(column)), "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
