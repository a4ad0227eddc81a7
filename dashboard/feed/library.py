"""kafka-python-ng 2.2.3 as the dashboard uses it; the version is pinned, and tests fail when it no longer fits."""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import kafka.protocol.parser
import kafka.sasl.scram
from kafka import KafkaConsumer, TopicPartition, client_async, cluster, conn
from kafka.consumer import fetcher, group
from kafka.errors import KafkaProtocolError
from kafka.protocol.frame import KafkaBytes

# Given, so that no broker is asked for its version and a missing one is no error; brokers since 2.6 speak it.
API_VERSION = (2, 6, 0)
LOOK_FOR_PARTITIONS_MS = 3_000
ANSWER_MS = 500  # a broker answers a fetch after that, also when there is nothing new: this is how it is known to live
# The library allocates at once what a broker announces; the first bytes of a TLS alert, read as a length, are 352 MB.
MAX_FRAME_BYTES = 60_000_000


class Frame(KafkaBytes):  # type: ignore[misc]  # the library has no types
    """Where one answer of a broker is put together."""

    def __init__(self, size: int) -> None:
        if not 0 <= size <= MAX_FRAME_BYTES:
            raise KafkaProtocolError(f"an answer of {size} bytes: no Kafka broker, or no port without TLS")
        super().__init__(size)


def prepare() -> None:
    """Put right, for this process, what the library does not; again: nothing more happens.

    It takes the difference of two wall clocks for a duration, allocates what it is told, and logs each failed attempt.
    """
    monotonic = SimpleNamespace(time=time.monotonic, sleep=time.sleep)
    for module in (client_async, cluster, conn, fetcher, group):
        module.time = monotonic
    kafka.protocol.parser.KafkaBytes = Frame
    kafka.sasl.scram.log = logging.getLogger("kafka.sasl.scram")  # it is the root logger there
    logging.getLogger("kafka").setLevel(logging.CRITICAL + 1)


class Reader:
    """A consumer without a group: where it reads is known here only.

    Args:
        settings: how Kafka lets us in.
        on_answer: called, in the reading thread, whenever a broker has answered.
    """

    def __init__(
        self, servers: str, settings: Mapping[str, Any], client_id: str, on_answer: Callable[[], None]
    ) -> None:
        prepare()
        self._consumer = KafkaConsumer(
            bootstrap_servers=servers.split(","),
            **settings,
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            check_crcs=False,  # a damaged record is one that is skipped, not one that stops all
            fetch_min_bytes=1,
            fetch_max_wait_ms=ANSWER_MS,
            max_partition_fetch_bytes=1 << 20,
            max_poll_records=2_000,
            metadata_max_age_ms=LOOK_FOR_PARTITIONS_MS,
            request_timeout_ms=8_000,
            session_timeout_ms=6_000,  # of no meaning without a group, but must be below the one above
            reconnect_backoff_ms=50,
            reconnect_backoff_max_ms=1_000,
            api_version=API_VERSION,
        )
        self._client = self._consumer._client
        # All topics: to ask for one that is not there would have some brokers create it.
        self._client.cluster.need_all_topic_metadata = True
        self._client.cluster.add_listener(lambda _cluster: on_answer())
        self._note_answers(on_answer)
        self._assigned: set[TopicPartition] = set()

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close(autocommit=False)

    def partitions(self, topics: Iterable[str]) -> set[TopicPartition]:
        """Which there are and can be read, as far as is known; nothing is asked."""
        found = ((topic, self._client.cluster.available_partitions_for_topic(topic)) for topic in topics)
        return {TopicPartition(topic, number) for topic, numbers in found for number in numbers or ()}

    def assign(self, positions: Mapping[TopicPartition, int]) -> None:
        """Read these partitions, from there on."""
        self._assigned = set(positions)
        self._consumer.assign(list(positions))
        self.seek(positions)

    def seek(self, positions: Mapping[TopicPartition, int]) -> None:
        """Go on from there."""
        for partition, offset in positions.items():
            self._consumer.seek(partition, offset)

    def poll(self, timeout_ms: int) -> Mapping[TopicPartition, list[Any]]:
        """Wait for records, at most so long.

        Raises:
            KafkaError: what was fetched may be lost for all partitions: seek.
        """
        if not self._assigned:
            self._client.poll(timeout_ms=timeout_ms)  # keeps looking for brokers and topics
            return {}
        found: Mapping[TopicPartition, list[Any]] = self._consumer.poll(timeout_ms=timeout_ms)
        return found

    def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where each partition goes on."""
        found: dict[TopicPartition, int] = self._consumer.end_offsets(list(partitions))
        return found

    def beginnings(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The oldest record of each partition."""
        found: dict[TopicPartition, int] = self._consumer.beginning_offsets(list(partitions))
        return found

    def at(self, partitions: Iterable[TopicPartition], time_ms: int) -> dict[TopicPartition, int | None]:
        """The first record of each partition with that timestamp or a later one; None: there is none."""
        found = self._consumer.offsets_for_times(dict.fromkeys(partitions, time_ms))
        return {partition: None if one is None else one.offset for partition, one in found.items()}

    def _note_answers(self, on_answer: Callable[[], None]) -> None:
        fetches = self._consumer._fetcher
        handle = fetches._handle_fetch_response

        def noted(*arguments: Any) -> None:
            on_answer()
            handle(*arguments)

        fetches._handle_fetch_response = noted
