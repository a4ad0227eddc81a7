from collections.abc import Sequence
from threading import Event
from time import monotonic

from pyspark.sql import SparkSession

from suhu_jobs.errors import KafkaUnreachable, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.heartbeat import Heartbeat
from suhu_jobs.jvm import Jvm
from suhu_jobs.pipeline.running import RunningQuery
from suhu_jobs.slots import SparkSlots

WATCH_STARTING_S = 0.05
WATCH_RUNNING_S = 0.5
TOPICS_EVERY_S = 10.0
FAILURES_WITHOUT_SUCCESS = 5  # of every query: what never ran will not heal by itself


class PipelineSupervisor:
    """Keeps every query running by itself until told to stop: what becomes of one is nothing to the others."""

    def __init__(self, queries: Sequence[RunningQuery], stop: Event, log: EventLog, heartbeat: Heartbeat) -> None:
        self._queries = queries
        self._heartbeat = heartbeat
        self._stop = stop
        self._log = log
        self._kafka_answers = True

    def run(self, jvm: Jvm, spark: SparkSession) -> None:
        """Run until told to stop.

        Raises:
            Unavailable: every query failed again and again and none has ever run, or the cluster has ended the job.
        """
        slots = SparkSlots(spark)
        ready = False
        topics_due_s = monotonic() + TOPICS_EVERY_S
        try:
            while not self._stop.is_set():
                slots.require_session()  # in one that is over no query starts again
                self._tend(spark)
                all_ready = all(query.ready for query in self._queries)
                if all_ready:
                    self._heartbeat.beat()
                if all_ready and not ready:
                    ready = True
                    names = ",".join(query.name for query in self._queries)
                    self._log("pipeline ready", queries=names, master=spark.sparkContext.master)
                if monotonic() >= topics_due_s:
                    topics_due_s = monotonic() + TOPICS_EVERY_S
                    self._look_at_topics()
                self._stop.wait(WATCH_RUNNING_S if ready else WATCH_STARTING_S)
        finally:
            jvm.silence()
            for query in self._queries:
                query.stop()

    def _tend(self, spark: SparkSession) -> None:
        for query in self._queries:
            if not self._stop.is_set():
                query.tend(spark)
        if all(not query.ever_ready and query.failures >= FAILURES_WITHOUT_SUCCESS for query in self._queries):
            why = self._queries[0].last_failure
            raise Unavailable(f"every query failed {FAILURES_WITHOUT_SUCCESS} times and none ever ran: {why}")

    def _look_at_topics(self) -> None:
        """Follow a topic that was deleted and created again, and create what was deleted."""
        try:
            for query in self._queries:
                query.follow(query.ensure_topics())
        except Unavailable as exc:
            self._log("topic missing", reason=exc)
        except KafkaUnreachable as exc:
            if self._kafka_answers:
                self._log("kafka unreachable", reason=exc, action="the queries wait for it")
            self._kafka_answers = False
        else:
            if not self._kafka_answers:
                self._log("kafka reachable")
            self._kafka_answers = True
