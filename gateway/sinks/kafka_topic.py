"""A topic read from its beginning to where it ends now, for `gateway verify`."""

import threading
from collections.abc import Iterator

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka import errors as kafka_errors

from gateway.errors import SinkUnavailable
from gateway.sinks import kafka_guards
from gateway.sinks.kafka_door import Door
from gateway.sinks.kafka_probe import Probe
from gateway.sinks.kafka_python import connection_settings, failure_of
from gateway.sinks.kafka_words import unavailable

API_VERSION = (2, 6, 0)  # given, so that nothing is asked before there is a broker
METADATA_TIMEOUT_S = 10.0
PATIENCE_S = 10.0  # without a record, although the end is not reached


class KafkaTopic:
    """Reads every record that is in the topic at the time of opening.

    Raises:
        SinkUnavailable: the broker does not answer, or has no such topic.
    """

    def __init__(self, door: Door, topic: str) -> None:
        kafka_guards.put_up()
        self._door = door
        self._topic = topic
        numbers = _partitions(door, topic)
        self._consumer = KafkaConsumer(**connection_settings(door), api_version=API_VERSION, enable_auto_commit=False)
        self._partitions = [TopicPartition(topic, number) for number in numbers]
        self._consumer.assign(self._partitions)
        try:
            self._begin = self._consumer.beginning_offsets(self._partitions)
            self._end = self._consumer.end_offsets(self._partitions)
        except kafka_errors.KafkaError as exc:
            raise unavailable(failure_of(exc, connected=True), door.servers, topic) from exc

    @property
    def total(self) -> int:
        """How many records there are to read, at most (compaction may have removed some)."""
        return sum(self._end[one] - self._begin[one] for one in self._partitions)

    @property
    def complete(self) -> bool:
        """Whether retention has removed nothing yet."""
        return all(offset == 0 for offset in self._begin.values())

    def values(self) -> Iterator[list[bytes]]:
        """The values, in chunks, each partition's in its order.

        Raises:
            SinkUnavailable: the broker stopped answering in the middle, or does not let this user read.
        """
        self._consumer.seek_to_beginning()
        while any(self._consumer.position(one) < self._end[one] for one in self._partitions):
            try:
                fetched = self._consumer.poll(timeout_ms=int(PATIENCE_S * 1000), max_records=5_000)
            except kafka_errors.KafkaError as exc:
                raise unavailable(failure_of(exc, connected=True), self._door.servers, self._topic) from exc
            if not fetched:
                raise SinkUnavailable(f"Kafka sent nothing for {PATIENCE_S:.0f} s before the topic's end: try again")
            for partition, records in fetched.items():
                yield [one.value for one in records if one.offset < self._end[partition] and one.value is not None]

    def close(self) -> None:
        """Free the connection."""
        self._consumer.close(autocommit=False)


def _partitions(door: Door, topic: str) -> list[int]:
    """Ask through a producer: the consumer waits for ever for a broker that does not answer."""
    producer = KafkaProducer(
        **connection_settings(door),
        api_version=API_VERSION,
        max_block_ms=int(METADATA_TIMEOUT_S * 1000),
    )
    try:
        return sorted(producer.partitions_for(topic))
    except kafka_errors.KafkaError as exc:
        failure = failure_of(exc, connected=producer.bootstrap_connected())
        found = Probe(door, topic, threading.Event()).look() or failure
        raise unavailable(found, door.servers, topic) from exc
    finally:
        producer.close(timeout=0)
