"""DataFrame -> DataFrame, without input or output: the same functions run on a stream and on a test's small table."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.schema import (
    ALERT_COLUMNS,
    ALERT_ID,
    EVENT_ID,
    MAX_SENSOR_ID_CHARS,
    MAX_TEXT_CHARS,
    MEASURED_AT,
    ORIGIN_COLUMNS,
    READING_COLUMNS,
    READING_SCHEMA,
    RETAINED,
    SENSOR_ID,
    SOURCE,
    SUHU,
    THRESHOLD,
)


def leave_out_cold(records: DataFrame, threshold_celsius: float) -> DataFrame:
    """Drop the records whose temperature is not above the threshold, without reading anything else of them.

    Nearly all are cold, and reading the one number takes half the time of reading a record: the alert job catches up
    twice as fast. It keeps every record that `parse_readings` and `hotter_than` would keep, and some that they drop.
    """
    celsius = F.from_json(F.col("value").cast("string"), f"{SUHU} DOUBLE")[SUHU]
    return records.filter(celsius > F.lit(threshold_celsius))


def parse_readings(records: DataFrame) -> DataFrame:
    """Read the readings out of Kafka records; what is no reading drops out and never raises.

    Lenient on purpose, because a missed warning is worse than an untidy one: a JSON object with a non-empty
    `sensor_id` and a finite number `suhu` is a reading. Everything else may be missing, too long or of the wrong form:
    a long sensor_id is cut, other texts too long to be true become null. Numbers in quotes are not numbers.
    Of two JSON objects in one record only the first is seen: one record is one reading.
    What is marked `retained` is a value from earlier that an MQTT broker had kept, so it is no new reading.

    Args:
        records: columns topic, partition, offset, value (binary), as Spark's Kafka source gives them.

    Returns:
        Columns topic, partition, offset, sensor_id, suhu, measured_at, source, event_id.
    """
    reading = F.from_json(F.col("value").cast("string"), READING_SCHEMA)
    parsed = records.select(*ORIGIN_COLUMNS, reading.alias("reading")).select(*ORIGIN_COLUMNS, "reading.*")
    is_new = ~F.col(RETAINED).eqNullSafe("true")  # read as text: anything but true leaves it a new reading
    return parsed.filter((F.col(SENSOR_ID) != "") & _is_finite(F.col(SUHU)) & is_new).select(
        *ORIGIN_COLUMNS,
        F.left(F.col(SENSOR_ID), F.lit(MAX_SENSOR_ID_CHARS)).alias(SENSOR_ID),
        SUHU,
        *(_null_if_too_long(name) for name in (MEASURED_AT, SOURCE, EVENT_ID)),
    )


def hotter_than(readings: DataFrame, threshold_celsius: float) -> DataFrame:
    """Keep readings strictly above the threshold; NaN, which Spark holds to be above everything, is not."""
    celsius = F.col(SUHU)
    return readings.filter((celsius > F.lit(threshold_celsius)) & _is_finite(celsius)).select(
        *ORIGIN_COLUMNS, *READING_COLUMNS
    )


def as_alerts(hot: DataFrame, threshold_celsius: float) -> DataFrame:
    """Name each hot reading by where it stands in Kafka, so that an alert written twice can be recognised."""
    return hot.select(
        "partition",
        F.concat_ws("/", "topic", "partition", "offset").alias(ALERT_ID),
        F.lit(threshold_celsius).cast("double").alias(THRESHOLD),
        *READING_COLUMNS,
    ).select("partition", *ALERT_COLUMNS)


def as_kafka_records(alerts: DataFrame) -> DataFrame:
    """Encode alerts for Kafka's sink: same partition as the reading, keyed by sensor, absent fields left out."""
    return alerts.select(
        "partition",
        F.col(SENSOR_ID).cast("binary").alias("key"),
        F.to_json(F.struct(*ALERT_COLUMNS)).cast("binary").alias("value"),
    )


def _is_finite(number: Column) -> Column:
    # Spark orders NaN above infinity, so one comparison on each side leaves out null, NaN and both infinities.
    return (number > F.lit(float("-inf"))) & (number < F.lit(float("inf")))


def _null_if_too_long(name: str) -> Column:
    return F.when(F.length(name) <= MAX_TEXT_CHARS, F.col(name)).alias(name)
