"""The honest signal that the query is reading: asked of the running tasks, not of the handle `start()` returned."""

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from suhu_jobs.jvm import Jvm
from suhu_jobs.session import is_local

_TASK_THREAD = "Executor task launch worker"
_POLLING = "org.apache.spark.sql.kafka010.consumer.InternalKafkaConsumer"
_MICRO_BATCH_AT_REST = {"Waiting for data to arrive", "Waiting for next trigger"}


class Readiness:
    """Tells when every partition of the readings topic has a task that polls Kafka.

    Real-Time Mode reports no progress before its first batch ends, minutes later. But its tasks run all that time, so
    they can be counted; where they are threads of this JVM, each must have been seen inside a poll of its consumer.
    In micro-batches a finished batch is the signal, or a look at the topic that found nothing to do.
    """

    def __init__(
        self, jvm: Jvm, spark: SparkSession, query: StreamingQuery, partitions: int, *, real_time: bool
    ) -> None:
        self._jvm = jvm
        self._tracker = spark.sparkContext.statusTracker()
        self._local = is_local(spark.sparkContext.master)
        self._query = query
        self._partitions = partitions
        self._real_time = real_time
        self._seen_polling: set[str] = set()

    def reached(self) -> bool:
        """Ask once; cheap enough to ask every 20 ms during the start."""
        if not self._real_time:
            return self._query.lastProgress is not None or self._query.status["message"] in _MICRO_BATCH_AT_REST
        if self._active_tasks() < self._partitions:
            return False
        if self._local:
            self._seen_polling |= self._polling_threads()
            return len(self._seen_polling) >= self._partitions
        return True

    def _active_tasks(self) -> int:
        stages = (self._tracker.getStageInfo(stage) for stage in self._tracker.getActiveStageIds())
        return sum(stage.numActiveTasks for stage in stages if stage is not None)

    def _polling_threads(self) -> set[str]:
        polling = set()
        for entry in self._jvm.java.java.lang.Thread.getAllStackTraces().entrySet():
            name = entry.getKey().getName()
            if name.startswith(_TASK_THREAD) and any(frame.getClassName() == _POLLING for frame in entry.getValue()):
                polling.add(name)
        return polling
