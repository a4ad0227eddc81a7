import time
from collections.abc import Callable
from uuid import uuid4

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.events import EventLog
from suhu_jobs.failure import first_line
from suhu_jobs.history.catalogue import Catalogue
from suhu_jobs.history.merging import Merge, next_merge
from suhu_jobs.history.names import OWNER_CHARS
from suhu_jobs.history.progress import OURS, Progress
from suhu_jobs.history.reading import read_files
from suhu_jobs.history.storage import Storage
from suhu_jobs.jvm import JavaError
from suhu_jobs.schema import DAY, HISTORY_COLUMNS, HISTORY_ORDER, MEASURED_AT

STAGING = f"{OURS}/staging"
ROW_GROUP_BYTES = 16 * 2**20  # held in memory while it is written; also what a reader of one machine can skip
_QUERY_ID = "sql.streaming.queryId"  # Spark's name for it; the checkpoint keeps it over restarts
_DAY_S = 86_400


class HistoryWriter:
    """What Spark calls with each batch: leaves exactly the files of that batch, however often it runs.

    Files are written beside the history and moved into it whole. A batch that runs again replaces its own files; those
    of older batches are merged, one merge a batch, before the next one comes.
    """

    def __init__(self, storage: Storage, log: EventLog, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6):
        self._storage = storage
        self._log = log
        self._now_ms = now_ms
        self._progress = Progress(storage)
        self._known: Catalogue | None = None  # None: look, because it is not known what the last attempt left behind
        self._unmerged: set[str] = set()  # days whose merge failed; left alone until the next start

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Write a batch.

        Args:
            batch: columns HISTORY_COLUMNS, and perhaps more.
            number: Spark's batch id.

        Raises:
            ConfigError: this batch is not the next one of this history.
            StorageError: the directory cannot be read or written.
        """
        spark = batch.sparkSession
        query_id = spark.sparkContext.getLocalProperty(_QUERY_ID) or ""
        catalogue, self._known = self._known, None
        self._progress.check(query_id, number)
        if catalogue is None:
            catalogue = self._tidied()
        staged = self._stage_batch(batch, f"{STAGING}/{number}-{uuid4().hex}")
        self._progress.begin(query_id, number)
        catalogue.replace_batch(number, query_id[:OWNER_CHARS], staged)
        self._storage.delete(STAGING)
        self._merge(spark, catalogue, number)
        self._known = catalogue

    def _tidied(self) -> Catalogue:
        """Remove what a killed attempt has left, and list what there is."""
        self._storage.make_folder(OURS)
        self._storage.delete(STAGING)
        catalogue = Catalogue(self._storage, self._now_ms)
        catalogue.drop_covered()
        return catalogue

    def _stage_batch(self, batch: DataFrame, folder: str) -> dict[str, str]:
        """Write the batch's files beside the history; return where the one of each day is."""
        # Parquet's first way to write a timestamp, Spark's default, is one that few readers still know.
        batch.sparkSession.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
        day = F.date_from_unix_date(F.floor(F.unix_seconds(MEASURED_AT) / _DAY_S).cast("int"))  # in UTC, always
        # One task: one file a day. To sort it here costs little, and makes it a quarter smaller.
        rows = batch.select(*HISTORY_COLUMNS, day.alias(DAY)).repartition(1)
        self._write(rows.sortWithinPartitions(DAY, *HISTORY_ORDER), folder, DAY)
        files = self._storage.find(f"{folder}/{DAY}=*/*.parquet")
        return {file.path.split("/")[-2].removeprefix(f"{DAY}="): file.path for file in files}

    def _merge(self, spark: SparkSession, catalogue: Catalogue, before_batch: int) -> None:
        merge = next_merge(catalogue.days(without=self._unmerged), before_batch, self._now_ms())
        if merge is None:
            return
        try:
            staged = self._stage_merge(spark, merge)
        except (JavaError, PySparkException) as exc:
            # A file that cannot be read must not keep the readings of today from being written.
            day = merge.output.day
            self._unmerged.add(day)
            self._log("history not merged", day=day, reason=first_line(exc), effect="the day stays in many files")
            return
        catalogue.replace_files(merge.files, merge.output, staged)
        self._storage.delete(STAGING)

    def _stage_merge(self, spark: SparkSession, merge: Merge) -> str:
        folder = f"{STAGING}/merge-{uuid4().hex}"
        rows = read_files(spark, self._storage, merge.files).coalesce(1)
        self._write(rows.sortWithinPartitions(*HISTORY_ORDER), folder)
        [file] = self._storage.find(f"{folder}/*.parquet")
        return file.path

    def _write(self, rows: DataFrame, folder: str, *partition_by: str) -> None:
        writer = rows.write.partitionBy(*partition_by).option("compression", "zstd")
        writer.option("parquet.block.size", ROW_GROUP_BYTES).parquet(self._storage.url(folder))
