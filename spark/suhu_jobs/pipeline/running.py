from pathlib import Path
from time import monotonic

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from suhu_jobs import streams
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError, JobError, KafkaUnreachable
from suhu_jobs.events import EventLog
from suhu_jobs.failure import first_line, reason
from suhu_jobs.jvm import JavaError
from suhu_jobs.patience import delays
from suhu_jobs.pipeline.fact_file import FactFile
from suhu_jobs.pipeline.figures import Figures
from suhu_jobs.pipeline.queries import QUERIES
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.placement import Placement
from suhu_jobs.topic_pair import ensure_topic
from suhu_jobs.topics import Topic, Topics

AT_REST = {"Waiting for data to arrive", "Waiting for next trigger"}
_TOPIC = "topic"


class RunningQuery:
    """One query: started where it belongs, watched, and started again after a failure, with back-off.

    Attributes:
        ready: whether it has run a batch, or looked at the topic and found nothing to do, since its last start.
        ever_ready: whether it was ready at least once.
        failures: how often in a row it failed without having been ready in between.
        last_failure: why, the last time.
    """

    def __init__(
        self,
        name: str,
        settings: PipelineSettings,
        topics: Topics,
        checkpoint: Checkpoint,
        figures: Figures,
        log: EventLog,
    ) -> None:
        self.name = name
        self.ready = self.ever_ready = False
        self.failures = 0
        self.last_failure = ""
        self._settings = settings
        self._topics = topics
        self._checkpoint = checkpoint
        self._facts = FactFile(_facts_of(settings, name))
        self._placement = Placement(settings.topic, settings.starting_offsets, topics, self._facts, checkpoint, log)
        self._figures = figures
        self._log = log
        self._query: StreamingQuery | None = None
        self._readings: Topic | None = None  # as they were when it was started
        self._steps_over_gap = False
        self._waits = delays()
        self._due_s = 0.0
        figures.add_query(name)

    def check_same_topic(self) -> None:
        """See that the checkpoint belongs to the topic that is to be read.

        Raises:
            ConfigError: it belongs to another one.
        """
        known = self._facts.facts().get(_TOPIC, self._settings.topic)
        if known != self._settings.topic:
            raise ConfigError(
                f"the checkpoint of {self.name} in {self._settings.checkpoint} belongs to --topic {known}, not "
                f"{self._settings.topic}: give the old topic, or another --checkpoint"
            )

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

    def tend(self, spark: SparkSession) -> None:
        """Look after it once: start it when it is due, see whether it runs."""
        if self._query is None:
            if monotonic() >= self._due_s:
                self._start(spark)
        elif not self._query.isActive:
            self._failed(reason(self._query))
        elif not self.ready:
            if self._query.lastProgress is not None or self._query.status["message"] in AT_REST:
                self._is_ready()
        elif self._steps_over_gap:
            self._end_step()

    def follow(self, readings: Topic) -> None:
        """Start it again when the topic that it reads is another one of the same name."""
        if self._query is not None and self._readings is not None and self._readings.topic_id != readings.topic_id:
            self.stop()

    def stop(self) -> None:
        """End it; the batch under way is run again by the next start."""
        query, self._query = self._query, None
        self.ready = False
        self._figures.is_up(self.name, up=False)
        if query is None:
            return
        try:
            query.stop()
        except (JavaError, PySparkException) as exc:
            self._log("query did not stop in time", query=self.name, reason=first_line(exc))

    def _start(self, spark: SparkSession) -> None:
        try:
            self._readings = self.ensure_topics()
            start = self._placement.place(self._readings, keeps_state=True)
            self._facts.put_facts({_TOPIC: self._settings.topic})
            location = self._checkpoint.location
            self._query = streams.start_query(spark, self._settings, self.name, location, start, self._log)
            self._steps_over_gap = start.steps_over_gap
        except (JavaError, PySparkException) as exc:
            self._failed(first_line(exc))
        except (KafkaUnreachable, JobError) as exc:
            self._failed(str(exc))

    def _is_ready(self) -> None:
        if self.failures:
            self._log("query runs again", query=self.name)
        self.ready = self.ever_ready = True
        self.failures = 0
        self._waits = delays()
        self._figures.is_up(self.name, up=True)

    def _end_step(self) -> None:
        """Once it is over the gap, have Spark be strict again: the next one is not to be passed in silence."""
        try:
            if self._readings is None or self._placement.has_gap(self._readings):
                return
        except KafkaUnreachable:
            return
        self.stop()

    def _failed(self, why: str) -> None:
        self._query = None
        self.ready = False
        self.failures += 1
        self.last_failure = why
        self._figures.is_up(self.name, up=False)
        self._figures.restarted(self.name)
        delay_s = next(self._waits)
        self._due_s = monotonic() + delay_s
        self._log("query failed", query=self.name, reason=why, retry_in_s=delay_s)


def _facts_of(settings: PipelineSettings, name: str) -> Path:
    return settings.state / name / "facts.json"
