from dataclasses import dataclass, replace
from threading import Event
from time import monotonic

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from suhu_jobs import streams
from suhu_jobs.beginnings import Beginnings
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import KafkaUnreachable, StorageError, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.failure import first_line, reason
from suhu_jobs.heartbeat import Heartbeat
from suhu_jobs.jvm import JavaError, Jvm
from suhu_jobs.ledger import Ledger
from suhu_jobs.patience import Patience, delays
from suhu_jobs.reader import AlertReader
from suhu_jobs.readiness import Readiness
from suhu_jobs.settings import AlertSettings, Mode
from suhu_jobs.slots import SlotRule, SparkSlots
from suhu_jobs.topic_pair import TopicPair, ensure_topics
from suhu_jobs.topics import Topics
from suhu_jobs.wall_clock import WallClock
from suhu_jobs.warner import Warner

WATCH_STARTING_S = 0.02
WATCH_RUNNING_S = 0.5
TOPICS_EVERY_S = 10.0
DRAIN_S = 3.0
CATCH_UP_S = 60.0
FAILURES_WITHOUT_SUCCESS = 5  # a query that never ran will not heal by itself


@dataclass(frozen=True, slots=True)
class Parts:
    """What the supervisor works with; `job` makes and closes it."""

    jvm: Jvm
    spark: SparkSession
    topics: Topics
    ledger: Ledger
    checkpoint: Checkpoint
    beginnings: Beginnings
    warner: Warner
    patience: Patience
    heartbeat: Heartbeat


class Supervisor:
    """Keeps query and reader running until told to stop: starts again what failed, follows what changed.

    Attributes:
        is_up: whether the query runs, and what it writes is read.
        restarts: starts of the query after a failure.
    """

    def __init__(self, settings: AlertSettings, parts: Parts, stop: Event, log: EventLog) -> None:
        self._settings = settings
        self._parts = parts
        self._stop = stop
        self._log = log
        self._ever_ready = False
        self._failures = 0  # in a row
        self._kafka_answers = True
        slots = SparkSlots(parts.spark)
        self._slots = SlotRule(slots, slots.master, stop, log, slots.patience_s)
        self._clock = WallClock()
        self._reader: AlertReader | None = None
        self.is_up = False
        self.restarts = 0

    def run(self) -> None:
        """Run until told to stop.

        Raises:
            Stopped: told to stop while waiting for Kafka.
            Unavailable: the query failed again and again without ever having run, or there are too few task slots.
            StorageError: nobody reads standard output any more, or the state cannot be written.
        """
        waits = delays()
        while not self._stop.is_set():
            pair, starting_offsets = self._parts.patience(self._prepare)
            mode = self._slots.choose(self._settings.mode, pair.readings.partitions)
            failure = self._run_query(pair, starting_offsets, mode)
            if failure is None:
                continue
            if self._failures == 0:
                waits = delays()
            self._failures += 1
            if not self._ever_ready and self._failures >= FAILURES_WITHOUT_SUCCESS:
                raise Unavailable(f"the query failed {self._failures} times and never ran: {failure}")
            delay_s = next(waits)
            self._log("query failed", reason=failure, retry_in_s=delay_s)
            self._stop.wait(delay_s)
            self.restarts += 1

    def places(self) -> dict[int, tuple[int, int | None]]:
        """As AlertReader.places, of the present one; {} before the first."""
        return {} if self._reader is None else self._reader.places()

    def _prepare(self) -> tuple[TopicPair, str]:
        """Make sure that query and reader can run, and where they begin."""
        self._renew_if_clock_was_set_back()
        pair = self._topics_now()
        self._parts.beginnings.place_reader(pair)
        return pair, self._parts.beginnings.place_query(pair, lambda: self._catch_up(pair))

    def _run_query(self, pair: TopicPair, starting_offsets: str, mode: Mode) -> str | None:
        """Run query and reader until the query fails (return why), or topics or slots change, or the end (None)."""
        self._reader = reader = self._new_reader(pair)
        reader.start()
        query = None
        try:
            location = self._parts.checkpoint.location
            settings = replace(self._settings, mode=mode)
            query = streams.start_alerts(self._parts.spark, settings, location, starting_offsets)
            return self._watch(query, reader, pair, mode)
        except (JavaError, PySparkException) as exc:
            return first_line(exc)
        finally:
            self.is_up = False
            self._end(query, reader, pair)

    def _watch(self, query: StreamingQuery, reader: AlertReader, pair: TopicPair, mode: Mode) -> str | None:
        real_time = mode is Mode.REAL_TIME
        readiness = Readiness(self._parts.jvm, self._parts.spark, query, pair.readings.partitions, real_time=real_time)
        ready = False
        topics_due = monotonic() + TOPICS_EVERY_S
        while not self._stop.is_set():
            if reader.failure is not None:
                raise _translated(reader.failure)
            if not query.isActive:
                return reason(query)
            if self._renew_if_clock_was_set_back():
                return None
            if not ready and reader.is_positioned() and readiness.reached():
                ready = True
                self._ready(pair, mode)
            if self._slots.must_change(mode, self._settings.mode, pair.readings.partitions):
                return None
            if monotonic() >= topics_due:
                topics_due = monotonic() + TOPICS_EVERY_S
                if self._changed(pair):
                    return None
            if ready:
                self._runs()
            self._stop.wait(WATCH_RUNNING_S if ready else WATCH_STARTING_S)
        return None

    def _renew_if_clock_was_set_back(self) -> bool:
        if not self._clock.was_set_back():
            return False
        self._log("clock set back", action="query and clients start again")
        self._parts.topics.close()
        return True

    def _ready(self, pair: TopicPair, mode: Mode) -> None:
        self.is_up = self._ever_ready = True
        self._failures = 0
        self._log(
            "alerts ready",
            mode=mode,
            topic=self._settings.topic,
            partitions=pair.readings.partitions,
            threshold_celsius=self._settings.threshold_celsius,
            master=self._parts.spark.sparkContext.master,
        )

    def _runs(self) -> None:
        self._parts.heartbeat.beat()
        if self._settings.record_class_cache and self._parts.warner.counts["printed"]:
            self._stop.set()  # all code paths have run once

    def _changed(self, pair: TopicPair) -> bool:
        try:
            now = self._topics_now()
        except KafkaUnreachable as exc:
            if self._kafka_answers:
                self._log("kafka unreachable", reason=exc, action="query and reader wait for it")
            self._kafka_answers = False
            return False
        if not self._kafka_answers:
            self._log("kafka reachable")
        self._kafka_answers = True
        if now != pair:
            self._log("topics changed", action="query starts again")
        return now != pair

    def _end(self, query: StreamingQuery | None, reader: AlertReader, pair: TopicPair) -> None:
        """Stop the query; print what it has written if this is the end of the job."""
        next_offsets = None
        try:
            if query is not None:
                self._stop_query(query)
            if self._stop.is_set():
                next_offsets = self._alerts_end(pair)
        finally:
            if not reader.finish(next_offsets, DRAIN_S):
                self._log("alerts left unprinted", action="the next start prints them")
            while not reader.has_ended() and not self._stop.wait(WATCH_RUNNING_S):
                pass  # standard output takes nothing at the moment: no second reader beside the first

    def _stop_query(self, query: StreamingQuery) -> None:
        if self._stop.is_set():
            self._parts.jvm.silence()
        try:
            query.stop()
        except (JavaError, PySparkException) as exc:
            self._log("query did not stop in time", reason=first_line(exc))

    def _alerts_end(self, pair: TopicPair) -> dict[int, int] | None:
        try:
            return self._parts.topics.next_offsets(self._settings.alerts_topic, pair.alerts.partitions)
        except KafkaUnreachable:
            return None

    def _catch_up(self, pair: TopicPair) -> None:
        """Print what the alerts topic holds.

        Raises:
            KafkaUnreachable: not all of it could be read; marks of another readings topic would hide the rest.
            StorageError: nobody reads standard output any more.
        """
        next_offsets = self._parts.topics.next_offsets(self._settings.alerts_topic, pair.alerts.partitions)
        reader = self._new_reader(pair)
        reader.start()
        if not reader.finish(next_offsets, CATCH_UP_S):
            if reader.failure is not None:
                raise _translated(reader.failure)
            raise KafkaUnreachable(f"{self._settings.alerts_topic} was not read to its end in {CATCH_UP_S:g} s")

    def _new_reader(self, pair: TopicPair) -> AlertReader:
        return AlertReader(
            self._settings.bootstrap_servers,
            self._settings.alerts_topic,
            pair.alerts.partitions,
            self._parts.ledger,
            self._parts.warner,
            self._log,
            self._settings.kafka,
        )

    def _topics_now(self) -> TopicPair:
        return ensure_topics(self._parts.topics, self._settings, self._log)


def _translated(failure: Exception) -> Exception:
    if isinstance(failure, OSError):
        return StorageError(f"a warning could not be printed ({failure}): standard output must stay open and writable")
    return failure
