import time
from collections.abc import Callable

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from suhu_jobs.errors import StorageError
from suhu_jobs.events import EventLog
from suhu_jobs.failure import first_line
from suhu_jobs.history.catalogue import Catalogue
from suhu_jobs.history.merging import next_merge
from suhu_jobs.history.names import OWNER_CHARS
from suhu_jobs.history.progress import OURS, Progress
from suhu_jobs.history.staging import STAGING, stage_batch, stage_merge
from suhu_jobs.history.storage import Storage
from suhu_jobs.jvm import JavaError

_QUERY_ID = "sql.streaming.queryId"  # Spark's name for it; the checkpoint keeps it over restarts


def _now_ms() -> int:
    return time.time_ns() // 10**6


class HistoryWriter:
    """What Spark calls with each batch: leaves exactly the files of that batch, however often it runs.

    A batch that runs again replaces its own files. Then files of older batches are merged, one merge a batch.
    """

    def __init__(
        self,
        place: str,
        log: EventLog,
        now_ms: Callable[[], int] = _now_ms,
        before_change: Callable[[str], object] = str,
    ) -> None:
        """Look at nothing before the first batch.

        Args:
            place: the history directory: a local one, or a URL.
            log: told when a day cannot be merged.
            now_ms: the time, since 1970.
            before_change: see Storage.
        """
        self._place = place
        self._log = log
        self._now_ms = now_ms
        self._before_change = before_change
        self._known: Catalogue | None = None  # None: look, because it is not known what the last attempt has left
        self._unmerged: set[str] = set()  # days whose merge failed; left alone until the next start

    def __call__(self, batch: DataFrame, number: int) -> None:
        """Write a batch.

        Args:
            batch: columns HISTORY_COLUMNS, and perhaps more.
            number: Spark's batch id.

        Raises:
            ConfigError: this batch is not the one that this history waits for.
            StorageError: the directory cannot be read or written.
        """
        spark = batch.sparkSession
        query_id = spark.sparkContext.getLocalProperty(_QUERY_ID) or ""
        storage = Storage(spark, self._place, self._before_change)
        catalogue, self._known = self._known, None
        progress = Progress(storage)
        progress.check(query_id, number)
        if catalogue is None:
            catalogue = self._tidied(storage)
        staged = self._staged(storage, batch, number)
        progress.begin(query_id, number)
        catalogue.replace_batch(number, query_id[:OWNER_CHARS], staged)
        storage.delete(STAGING)
        self._merge(storage, spark, catalogue, number)
        self._known = catalogue

    def _staged(self, storage: Storage, batch: DataFrame, number: int) -> dict[str, str]:
        try:
            return stage_batch(storage, batch)
        except (JavaError, PySparkException) as exc:
            # Without its stack traces: Spark runs a pattern over the text that is too long for it then.
            reason = first_line(exc)
            raise StorageError(f"batch {number} did not get into the history {storage.url()}: {reason}") from None

    def _tidied(self, storage: Storage) -> Catalogue:
        """Remove what a killed attempt has left, and list what there is."""
        storage.make_folder(OURS)
        storage.delete(STAGING)
        catalogue = Catalogue(storage, self._now_ms)
        catalogue.drop_covered()
        return catalogue

    def _merge(self, storage: Storage, spark: SparkSession, catalogue: Catalogue, before_batch: int) -> None:
        merge = next_merge(catalogue.days(without=self._unmerged), before_batch, self._now_ms())
        if merge is None:
            return
        try:
            staged = stage_merge(storage, spark, merge)
        except (JavaError, PySparkException) as exc:
            # A file that cannot be read must not keep the readings of today from being written.
            day = merge.output.day
            self._unmerged.add(day)
            self._log("history not merged", day=day, reason=first_line(exc), effect="the day stays in many files")
            return
        catalogue.replace_files(merge.files, merge.output, staged)
        storage.delete(STAGING)
