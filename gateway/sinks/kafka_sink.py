"""Kafka through kafka-python-ng: writing, see also kafka_topic.py (docs/decisions/0002-kafka-client.md)."""

import asyncio
import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from kafka import KafkaProducer
from kafka import errors as kafka_errors
from kafka.partitioner.default import murmur2

from gateway.errors import SinkUnavailable
from gateway.model import Record
from gateway.sinks.kafka_words import unavailable
from gateway.sinks.sink import Receipt

METADATA_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 10.0
# flush() sends a batch at once, so linger only keeps the sender from taking a batch while it is being filled.
LINGER_S = 2.0

# A record with one of these is the record's fault: the same bytes fail for ever.
REFUSALS = (
    kafka_errors.MessageSizeTooLargeError,
    kafka_errors.RecordListTooLargeError,
)
# Kafka refuses timestamps more than an hour ahead of its own clock, and takes this in their place.
NO_TIMESTAMP = -1


class KafkaSink:
    """Sends each batch as one produce request per partition, so a partition's part arrives whole or not at all.

    That is what keeps the order: the client would let a later batch overtake one that failed, hence
    no retries inside it, one batch per partition under way (nothing is sent before `flush`), and the
    caller sends what failed again. acks=all.

    Args:
        bootstrap_servers: `host:port` of one broker or more.
        topic: must exist; records of one key go to the partition that the Java client would choose.
        client_id: what the broker's logs call us.
    """

    def __init__(self, bootstrap_servers: Sequence[str], topic: str, client_id: str) -> None:
        self._servers = list(bootstrap_servers)
        self._topic = topic
        self._client_id = client_id
        self._producer: KafkaProducer | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka")

    async def send(self, records: Sequence[Record]) -> Receipt:
        """See Sink."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, list(records))

    async def close(self) -> None:
        """See Sink."""
        if self._producer is not None:
            await asyncio.to_thread(self._producer.close, timeout=0)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _send(self, records: list[Record]) -> Receipt:
        try:
            if self._producer is None:
                self._producer = self._connect()
            partitions = len(self._producer.partitions_for(self._topic))
        except kafka_errors.KafkaError as exc:
            return Receipt(unsent=records, cause=self._unavailable(exc))
        by_partition: dict[int, list[Record]] = {}
        for record in records:
            by_partition.setdefault(partition_of(record.key, partitions), []).append(record)
        errors = self._produce(by_partition)
        if untimely := [one for one, error in errors.items() if isinstance(error, kafka_errors.InvalidTimestampError)]:
            # A wrong clock, ours or the device's: they go without a Kafka timestamp; measured_at says the same.
            for partition in untimely:
                del errors[partition]
            errors |= self._produce({one: by_partition[one] for one in untimely}, timestamps=False)
        unsent: list[Record] = []
        refused: list[tuple[Record, str]] = []
        cause = None
        for partition, error in errors.items():
            if isinstance(error, REFUSALS):
                receipt = self._send_singly(partition, by_partition[partition], error)
                unsent += receipt.unsent
                refused += receipt.refused
                cause = receipt.cause or cause
            else:
                unsent += by_partition[partition]
                cause = self._unavailable(error)
        return Receipt(sorted(unsent, key=lambda record: record.sequence), refused, cause)

    def _send_singly(self, partition: int, records: list[Record], error: Exception) -> Receipt:
        """Find the records that Kafka refuses among those of a refused batch."""
        if len(records) == 1:
            return Receipt(refused=[(records[0], str(error) or type(error).__name__)])
        refused: list[tuple[Record, str]] = []
        for done, record in enumerate(records):
            single = self._produce({partition: [record]}).get(partition)
            if isinstance(single, REFUSALS):
                refused.append((record, str(single) or type(single).__name__))
            elif single is not None:
                return Receipt(records[done:], refused, self._unavailable(single))
        return Receipt(refused=refused)

    def _produce(self, by_partition: dict[int, list[Record]], *, timestamps: bool = True) -> dict[int, Exception]:
        """Send one batch per partition and wait.

        Args:
            by_partition: the records of each partition, in order.
            timestamps: whether records carry theirs.

        Returns:
            The partitions whose batch failed, and why.
        """
        producer = self._producer
        assert producer is not None  # noqa: S101 - _send connects first
        futures = {
            partition: [
                producer.send(
                    self._topic,
                    record.value,
                    record.key,
                    partition=partition,
                    timestamp_ms=record.timestamp_ms if timestamps else NO_TIMESTAMP,
                )
                for record in records
            ]
            for partition, records in by_partition.items()
        }
        try:
            producer.flush(timeout=2 * REQUEST_TIMEOUT_S + LINGER_S + 1)
        except kafka_errors.KafkaTimeoutError:
            # The client must not send it later, behind our back: a new one starts with nothing.
            producer.close(timeout=0)
            self._producer = None
        errors: dict[int, Exception] = {}
        for partition, future in itertools.chain.from_iterable(
            ((partition, future) for future in group) for partition, group in futures.items()
        ):
            if not future.is_done:
                errors[partition] = kafka_errors.KafkaTimeoutError("no answer")
            elif future.failed():
                errors[partition] = _instance(future.exception)
        return errors

    def _connect(self) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self._servers,
            client_id=self._client_id,
            api_version=(2, 6, 0),  # given, so that a missing broker is not fatal here
            acks="all",
            retries=0,
            max_in_flight_requests_per_connection=1,
            batch_size=1_000_000,  # more than the forwarder ever hands over at once
            linger_ms=int(LINGER_S * 1000),
            request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000),
            max_block_ms=int(METADATA_TIMEOUT_S * 1000),
        )

    def _unavailable(self, exc: Exception) -> SinkUnavailable:
        connected = self._producer is not None and self._producer.bootstrap_connected()
        return unavailable(exc, self._servers, self._topic, connected=connected)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's Java client chooses for a key: murmur2 without its sign, modulo."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions


def _instance(error: Exception | type[Exception]) -> Exception:
    """The client fails futures with the class as well as with an object."""
    return error() if isinstance(error, type) else error
