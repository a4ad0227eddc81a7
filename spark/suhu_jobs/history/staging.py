"""Files are written beside the history first, and moved into it whole."""

from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.history.merging import Merge
from suhu_jobs.history.progress import OURS
from suhu_jobs.history.reading import read_files
from suhu_jobs.history.storage import Storage
from suhu_jobs.schema import DAY, HISTORY_COLUMNS, HISTORY_ORDER, MEASURED_AT

STAGING = f"{OURS}/staging"
ROW_GROUP_BYTES = 16 * 2**20  # held in memory while it is written; also what a reader of one machine can skip
_DAY_S = 86_400


def stage_batch(storage: Storage, batch: DataFrame) -> dict[str, str]:
    """Write a batch as one file for each day; return where that of each day is."""
    day = F.date_from_unix_date(F.floor(F.unix_seconds(MEASURED_AT) / _DAY_S).cast("int"))  # in UTC, always
    rows = batch.select(*HISTORY_COLUMNS, day.alias(DAY)).repartition(1)  # one task: one file a day
    folder = _new_folder()
    _write(storage, rows.sortWithinPartitions(DAY, *HISTORY_ORDER), folder, DAY)
    files = storage.find(f"{folder}/{DAY}=*/*.parquet")
    return {file.path.split("/")[-2].removeprefix(f"{DAY}="): file.path for file in files}


def stage_merge(storage: Storage, spark: SparkSession, merge: Merge) -> str:
    """Write the readings of a merge's files as one file; return where it is."""
    rows = read_files(spark, storage, merge.files).coalesce(1)
    folder = _new_folder()
    _write(storage, rows.sortWithinPartitions(*HISTORY_ORDER), folder)
    [file] = storage.find(f"{folder}/*.parquet")
    return file.path


def _new_folder() -> str:
    # New each time: an executor that outlived its driver may still be writing to the one before.
    return f"{STAGING}/{uuid4().hex}"


def _write(storage: Storage, rows: DataFrame, folder: str, *partition_by: str) -> None:
    # Spark's default for timestamps is Parquet's oldest way, of which many readers make local times.
    rows.sparkSession.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
    writer = rows.write.partitionBy(*partition_by).option("compression", "zstd")
    writer.option("parquet.block.size", ROW_GROUP_BYTES).parquet(storage.url(folder))
