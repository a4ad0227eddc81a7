from time import monotonic

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from suhu_jobs import streams
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError, KafkaUnreachable, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.failure import first_line, reason
from suhu_jobs.jvm import JavaError
from suhu_jobs.patience import delays
from suhu_jobs.pipeline.queries import QUERIES
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.topic_pair import ensure_topic
from suhu_jobs.topics import Topic, Topics

AT_REST = {"Waiting for data to arrive", "Waiting for next trigger"}


class RunningQuery:
    """One query: started, watched, and started again after a failure, with back-off.

    Attributes:
        ready: whether it has run a batch, or looked at the topic and found nothing to do, since its last start.
        restarts: how often it had to be started again.
    """

    def __init__(
        self,
        name: str,
        settings: PipelineSettings,
        spark: SparkSession,
        topics: Topics,
        checkpoint: Checkpoint,
        log: EventLog,
    ) -> None:
        self.name = name
        self.ready = False
        self.restarts = 0
        self._settings = settings
        self._spark = spark
        self._topics = topics
        self._checkpoint = checkpoint
        self._log = log
        self._query: StreamingQuery | None = None
        self._waits = delays()
        self._due_s = 0.0

    def ensure_topics(self) -> Topic:
        """Look the topics up that the query reads and writes, or create them; return the one it reads."""
        settings = self._settings
        output = [settings.output_topic(self.name)] if QUERIES[self.name].writes_topic else []
        found = [
            ensure_topic(
                self._topics,
                settings.bootstrap_servers,
                name,
                settings.partitions,
                self._log,
                create=settings.create_topics,
            )
            for name in [settings.topic, *output]
        ]
        return found[0]

    def tend(self) -> None:
        """Look after it once: start it when it is due, see whether it runs."""
        if self._query is None:
            if monotonic() >= self._due_s:
                self._start()
        elif not self._query.isActive:
            self._failed(reason(self._query))
        elif not self.ready:
            self.ready = self._query.lastProgress is not None or self._query.status["message"] in AT_REST
            if self.ready:
                self._waits = delays()
                self._log("query ready", query=self.name)

    def stop(self) -> None:
        """End it; the batch under way is run again by the next start."""
        if self._query is None:
            return
        try:
            self._query.stop()
        except (JavaError, PySparkException) as exc:
            self._log("query did not stop in time", query=self.name, reason=first_line(exc))

    def _start(self) -> None:
        try:
            self.ensure_topics()
            self._spark.sparkContext.setLocalProperty("spark.scheduler.pool", self.name)
            self._query = streams.start_query(
                self._spark,
                self._settings,
                self.name,
                self._checkpoint.location,
                self._settings.starting_offsets,
                self._log,
            )
        except (JavaError, PySparkException) as exc:
            self._failed(first_line(exc))
        except (KafkaUnreachable, Unavailable, ConfigError) as exc:
            self._failed(str(exc))

    def _failed(self, why: str) -> None:
        self._query = None
        self.ready = False
        self.restarts += 1
        delay_s = next(self._waits)
        self._due_s = monotonic() + delay_s
        self._log("query failed", query=self.name, reason=why, retry_in_s=delay_s)
