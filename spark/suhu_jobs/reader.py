import threading
from collections.abc import Mapping

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from suhu_jobs.events import EventLog
from suhu_jobs.kafka_clock import time_by_monotonic_clock
from suhu_jobs.kafka_config import KafkaConfig
from suhu_jobs.ledger import Ledger
from suhu_jobs.warner import Warner

POLL_MS = 200  # how soon a stop is noticed; a record ends a poll at once
BACKOFF_S = 1.0
LAST_LINE_S = 5.0  # for a line that is being printed when the reader is to end
# Given, so that the client asks no broker for its version and a missing broker is no error; brokers since 2.6 speak it.
API_VERSION = (2, 6, 0)


class AlertReader:
    """Follows the alerts topic in a thread of its own, from the ledger's positions on, and hands on each record.

    A consumer without a group: the positions are in the ledger, with what was printed, and nowhere else.

    Attributes:
        failure: what ended the thread before it was told to; None while all is well.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        partitions: int,
        ledger: Ledger,
        warner: Warner,
        log: EventLog,
        kafka: KafkaConfig | None = None,
    ) -> None:
        self._servers = bootstrap_servers.split(",")
        self._kafka = kafka or KafkaConfig()
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._ledger = ledger
        self._warner = warner
        self._log = log
        self._stopping = threading.Event()
        self._left_alone = False  # nobody waits for it any more: it takes no further record
        self._positioned = threading.Event()
        self._target: Mapping[int, int] | None = None
        self._next = dict.fromkeys(self._partitions, 0)
        self._consumer: KafkaConsumer | None = None
        self.failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="alert-reader", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def is_positioned(self) -> bool:
        """Tell whether the consumer stands where the ledger says, so that the next alert is printed without delay."""
        return self._positioned.is_set()

    def places(self) -> dict[int, tuple[int, int | None]]:
        """Tell of each alerts partition the next offset, and how many records wait there; None: nobody has said."""
        consumer = self._consumer
        ends = {one: consumer.highwater(one) if consumer else None for one in self._partitions}
        return {one.partition: (place, _behind(place, ends[one])) for one, place in self._next.items()}

    def has_ended(self) -> bool:
        """Tell whether its thread is over; one that prints where nobody reads is not."""
        return not self._thread.is_alive()

    def finish(self, next_offsets: Mapping[int, int] | None, timeout_s: float) -> bool:
        """Read up to `next_offsets` (of each alerts partition; None: stop where it stands), then end the thread.

        Returns:
            Whether everything up to there was printed within `timeout_s`.
        """
        if next_offsets is None:
            self._stopping.set()
        self._target = next_offsets
        self._thread.join(timeout_s)
        self._stopping.set()
        self._thread.join(LAST_LINE_S)
        self._left_alone = True
        return self.has_ended() and self.failure is None and (next_offsets is None or self._reached(next_offsets))

    def _run(self) -> None:
        try:
            while not self._done():
                try:
                    self._follow()
                except KafkaError as exc:
                    self._positioned.clear()
                    self._log("alerts reader interrupted", reason=repr(exc), retry_in_s=BACKOFF_S)
                    self._stopping.wait(BACKOFF_S)
        except Exception as exc:
            self.failure = exc

    def _follow(self) -> None:
        time_by_monotonic_clock()
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers,
            **self._kafka.for_python(),
            client_id="suhu-alerts-reader",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_min_bytes=1,  # a record is sent on as soon as it is there
            fetch_max_wait_ms=500,
            request_timeout_ms=8_000,  # a stop waits no longer for a broker that went away
            session_timeout_ms=6_000,  # of no meaning without a group, but must be below the one above
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            api_version=API_VERSION,
        )
        try:
            consumer.assign(self._partitions)
            self._seek(consumer)
            self._positioned.set()
            self._consumer = consumer
            while not self._done():
                try:
                    self._poll(consumer)
                except OffsetOutOfRangeError as exc:
                    for partition, offset in self._next.items():  # the client throws away what it had for the others
                        consumer.seek(partition, offset)
                    self._return_into_range(consumer, exc)
        finally:
            self._consumer = None
            consumer.close(autocommit=False)

    def _seek(self, consumer: KafkaConsumer) -> None:
        known = self._ledger.positions()
        first = consumer.beginning_offsets([p for p in self._partitions if p.partition not in known])
        for partition in self._partitions:
            self._next[partition] = known.get(partition.partition, first.get(partition, 0))
            consumer.seek(partition, self._next[partition])

    def _poll(self, consumer: KafkaConsumer) -> None:
        batches = consumer.poll(timeout_ms=POLL_MS)
        for partition, records in batches.items():
            for record in records:
                if self._left_alone:
                    return
                self._warner.take(record.value, partition.partition, record.offset)
                self._next[partition] = record.offset + 1
        self._warner.pause(idle=not batches)

    def _return_into_range(self, consumer: KafkaConsumer, exc: OffsetOutOfRangeError) -> None:
        """Go to the oldest alert there is, and say what that means; what was printed is recognised."""
        for partition, asked in exc.args[0].items():
            number = partition.partition
            first = consumer.beginning_offsets([partition])[partition]
            if asked < first:
                self._log("alerts lost", partition=number, count=first - asked, reason="deleted before read")
            else:
                self._log("alerts topic truncated", partition=number, position=asked, reading_from=first)
            self._next[partition] = first
            consumer.seek(partition, first)

    def _done(self) -> bool:
        target = self._target
        return self._stopping.is_set() or (target is not None and self._reached(target))

    def _reached(self, target: Mapping[int, int]) -> bool:
        return all(self._next[partition] >= target.get(partition.partition, 0) for partition in self._partitions)


def _behind(next_offset: int, end: int | None) -> int | None:
    return None if end is None else max(end - next_offset, 0)  # both move while they are looked at
