"""A day's readings to figures. DataFrame -> DataFrame: Spark does the counting, what is collected is small.

A reading holds until the next one of its sensor, but not longer than `hold_s`: after that nobody knows. The last
reading of a day holds for no time. All readings are those of one day, in the columns of the history.
"""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.schema import CLOCK_UNSYNCED, MEASURED_AT, RETAINED, SENSOR_ID, SUHU

MINUTES_A_DAY = 1440


def measured_now(history: DataFrame) -> DataFrame:
    """Leave out what says nothing about this day: values a broker had kept from before, and clocks that were wrong."""
    return history.filter(~_true(RETAINED) & ~_true(CLOCK_UNSYNCED))


def with_intervals(readings: DataFrame, hot_above_celsius: float, hold_s: float) -> DataFrame:
    """Add how long each reading holds, and which stretch of its sensor it belongs to.

    Returns:
        sensor_id, suhu, measured_at, and:
        gap_s: seconds to the next reading, null for the last one.
        held_s: seconds it holds.
        is_hot: strictly above the threshold.
        stretch: a number that changes where hot begins or ends, and after a gap longer than `hold_s`.
    """
    in_time = Window.partitionBy(SENSOR_ID).orderBy(MEASURED_AT, "topic", "partition", "offset")
    following = F.lead(F.unix_millis(MEASURED_AT)).over(in_time)
    timed = readings.withColumn("gap_s", (following - F.unix_millis(MEASURED_AT)) / 1000).withColumn(
        "is_hot", F.col(SUHU) > F.lit(hot_above_celsius)
    )
    before = F.lag("is_hot").over(in_time)
    begins = ~before.eqNullSafe(F.col("is_hot")) | (F.lag("gap_s").over(in_time) > F.lit(hold_s))
    return timed.withColumn("begins", F.coalesce(begins, F.lit(True)).cast("int")).select(
        SENSOR_ID,
        SUHU,
        MEASURED_AT,
        "gap_s",
        F.when(F.col("gap_s").isNull(), 0.0).otherwise(F.least("gap_s", F.lit(float(hold_s)))).alias("held_s"),
        "is_hot",
        F.sum("begins").over(in_time).alias("stretch"),
    )


def per_machine(intervals: DataFrame) -> DataFrame:
    """Count one row for each sensor.

    Args:
        intervals: as `with_intervals` gives them.

    Returns:
        sensor_id, readings, lowest, mean, highest, hot_s, longest_hot_s, and longest_gap_s with
        gap_began_ms since 1970, which one reading alone has not; ordered by sensor.
    """
    stretches = intervals.groupBy(SENSOR_ID, "stretch", "is_hot").agg(
        F.count("*").alias("readings"),
        F.min(SUHU).alias("lowest"),
        F.sum(SUHU).alias("total"),
        F.max(SUHU).alias("highest"),
        F.sum("held_s").alias("held_s"),
        F.max("gap_s").alias("gap_s"),
        _of_longest(F.unix_millis(MEASURED_AT)),
    )
    hot_s = F.when(F.col("is_hot"), F.col("held_s")).otherwise(0.0)
    return (
        stretches.groupBy(SENSOR_ID)
        .agg(
            F.sum("readings").alias("readings"),
            F.min("lowest").alias("lowest"),
            (F.sum("total") / F.sum("readings")).alias("mean"),
            F.max("highest").alias("highest"),
            F.sum(hot_s).alias("hot_s"),
            F.max(hot_s).alias("longest_hot_s"),
            F.max("gap_s").alias("longest_gap_s"),
            _of_longest(F.col("gap_began_ms")),
        )
        .orderBy(SENSOR_ID)
    )


def per_minute(readings: DataFrame) -> DataFrame:
    """Thin the readings out to what a picture can show.

    Returns:
        sensor_id, minute (of the day in UTC, from 0), lowest, mean, highest; a minute without readings has no row.
    """
    minute = F.floor(F.unix_seconds(MEASURED_AT) / 60) % MINUTES_A_DAY
    return (
        readings.groupBy(SENSOR_ID, minute.cast("int").alias("minute"))
        .agg(F.min(SUHU).alias("lowest"), F.avg(SUHU).alias("mean"), F.max(SUHU).alias("highest"))
        .orderBy(SENSOR_ID, "minute")
    )


def _of_longest(began_ms: Column) -> Column:
    """When the longest gap began, the first one if several are as long."""
    known = F.when(F.col("gap_s").isNotNull(), began_ms)
    return F.max_by(known, F.struct("gap_s", -began_ms)).alias("gap_began_ms")


def _true(flag: str) -> Column:
    return F.coalesce(F.col(flag), F.lit(False))
