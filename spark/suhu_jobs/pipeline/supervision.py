from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event

from pyspark.sql import SparkSession

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.events import EventLog
from suhu_jobs.jvm import Jvm
from suhu_jobs.patience import Patience
from suhu_jobs.pipeline.running import RunningQuery
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.topics import Topics

WATCH_STARTING_S = 0.05
WATCH_RUNNING_S = 0.5


@dataclass(frozen=True, slots=True)
class Parts:
    """What the supervisor works with; `job` makes and closes it."""

    jvm: Jvm
    spark: SparkSession
    topics: Topics
    checkpoints: Mapping[str, Checkpoint]  # by query
    patience: Patience


class PipelineSupervisor:
    """Keeps every query running by itself until told to stop: what becomes of one is nothing to the others."""

    def __init__(self, settings: PipelineSettings, parts: Parts, stop: Event, log: EventLog) -> None:
        self._settings = settings
        self._parts = parts
        self._stop = stop
        self._log = log
        self._queries = [
            RunningQuery(name, settings, parts.spark, parts.topics, parts.checkpoints[name], log)
            for name in settings.queries
        ]

    def run(self) -> None:
        """Run until told to stop.

        Raises:
            Stopped: told to stop while waiting for Kafka.
            Unavailable: a topic is missing and may not be created.
        """
        self._parts.patience(lambda: self._queries[0].ensure_topics())
        ready = False
        try:
            while not self._stop.is_set():
                for query in self._queries:
                    if not self._stop.is_set():
                        query.tend()
                if not ready and all(query.ready for query in self._queries):
                    ready = True
                    self._log(
                        "pipeline ready",
                        queries=",".join(self._settings.queries),
                        topic=self._settings.topic,
                        master=self._parts.spark.sparkContext.master,
                    )
                self._stop.wait(WATCH_RUNNING_S if ready else WATCH_STARTING_S)
        finally:
            self._parts.jvm.silence()
            for query in self._queries:
                query.stop()
