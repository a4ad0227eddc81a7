from collections.abc import Iterable

from pyspark.sql import DataFrame, SparkSession

from suhu_jobs.history.names import HistoryFile, covered, parse_path
from suhu_jobs.history.storage import Storage
from suhu_jobs.schema import DAY, HISTORY_SCHEMA


def files_of(storage: Storage, day: str) -> list[HistoryFile]:
    """List the files of a day, without those that a merge under way has not deleted yet."""
    found = [parse_path(file.path) for file in storage.find(f"{DAY}={day}/*.parquet")]
    files = [file for file in found if file is not None]
    repeated = set(covered(files))
    return [file for file in files if file not in repeated]


def read_files(spark: SparkSession, storage: Storage, files: Iterable[HistoryFile]) -> DataFrame:
    """Read files of the history, which must be there; columns as in HISTORY_SCHEMA."""
    return spark.read.schema(HISTORY_SCHEMA).parquet(*(storage.url(file.path) for file in files))
