"""DataFrame -> DataFrame: the statistics of accepted readings, and their records."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.pipeline.per_sensor import fold_stream
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.pipeline.statistic import FOLDED_SCHEMA, LATE, UNTIMED
from suhu_jobs.pipeline.windows import Windows
from suhu_jobs.schema import SENSOR_ID, STAT_COLUMNS, STAT_ID

OBSERVED = "stats"  # the name under which each batch's progress counts what is in no window


def stats(accepted: DataFrame, settings: PipelineSettings) -> DataFrame:
    """Kafka records (key, value) of the statistics of accepted readings."""
    windows = Windows(
        threshold_celsius=settings.hot_above_celsius,
        lateness_ms=round(settings.stats_lateness_s * 1000),
        silent_after_ms=round(settings.silent_after_s * 1000),
    )
    return as_kafka_records(count_left_out(fold_windows(accepted, windows)))


def fold_windows(accepted: DataFrame, windows: Windows) -> DataFrame:
    """Fold accepted readings, without resends, into columns of `FOLDED_SCHEMA`."""
    return fold_stream(accepted, windows, FOLDED_SCHEMA)


def count_left_out(folded: DataFrame) -> DataFrame:
    """Have Spark's progress say how many readings of a batch came too late, and how many have a wrong time."""
    return folded.observe(
        OBSERVED,
        F.coalesce(F.sum(LATE), F.lit(0)).alias(LATE),
        F.coalesce(F.sum(UNTIMED), F.lit(0)).alias(UNTIMED),
    )


def as_kafka_records(folded: DataFrame) -> DataFrame:
    """Encode statistics for Kafka's sink, keyed by sensor."""
    return folded.filter(F.col(STAT_ID).isNotNull()).select(
        F.col(SENSOR_ID).cast("binary").alias("key"),
        F.to_json(F.struct(*STAT_COLUMNS)).cast("binary").alias("value"),
    )
