"""The one file that writes through kafka-python-ng (docs/decisions/0002-kafka-client.md)."""

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from kafka import KafkaProducer
from kafka import errors as kafka_errors
from kafka.partitioner.default import murmur2

from gateway.model import Record
from gateway.sinks import kafka_guards
from gateway.sinks.descriptors import OF_A_CLIENT, missing_descriptors
from gateway.sinks.kafka_door import Door, NoPassword
from gateway.sinks.kafka_sink import Failed
from gateway.sinks.kafka_words import Failure, Kind
from gateway.tls import UnusableFile

METADATA_TIMEOUT_S = 2.0
REQUEST_TIMEOUT_S = 10.0
# flush() sends a batch at once, so linger only keeps the sender from taking a batch while it is being filled.
LINGER_S = 2.0
NO_TIMESTAMP = -1
OF_THE_RECORDS: set[Kind] = {"too_large", "untimely"}  # failures that say nothing against the connection
MAX_KEYS = 10_000  # sensors whose hash is remembered; more only cost time

# The client logs every retry, several lines each; the gateway says once that Kafka is gone and once that it is back.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


class KafkaPythonClient:
    """Sends each batch as one produce request per partition. See KafkaClient.

    The client would let a later batch overtake one that failed, hence no retries inside it and one
    batch per partition under way: nothing is sent before `flush`.

    Args:
        door: where Kafka is, and what we show there.
        topic: must exist.
        client_id: what the broker's logs call us.
    """

    def __init__(self, door: Door, topic: str, client_id: str) -> None:
        kafka_guards.put_up()
        self._door = door
        self._topic = topic
        self._client_id = client_id
        self._producer: KafkaProducer | None = None

    def produce(self, records: Sequence[Record], *, timestamps: bool = True) -> list[Failed]:
        """See KafkaClient."""
        failed = self._attempt(records, timestamps=timestamps)
        if any(one.failure.kind not in OF_THE_RECORDS for one in failed):
            # The producer times its pauses by the wall clock: set back by an hour, it would stay away for an hour.
            self._begin_anew()
        return failed

    def close(self) -> None:
        """See KafkaClient."""
        if (producer := self._producer) is not None:  # another thread may begin anew meanwhile
            producer.close(timeout=0)

    def _attempt(self, records: Sequence[Record], *, timestamps: bool) -> list[Failed]:
        try:
            if self._producer is None:
                if (failure := missing_descriptors(OF_A_CLIENT)) is not None:
                    return [Failed(list(records), failure)]
                self._producer = self._connect()
            partitions = len(self._producer.partitions_for(self._topic))
        except (UnusableFile, NoPassword) as exc:
            return [Failed(list(records), Failure("files", str(exc)))]
        except OSError as exc:  # whoever had opened something in between
            return [Failed(list(records), Failure("other", str(exc)))]
        except kafka_errors.KafkaError as exc:
            connected = self._producer is not None and self._producer.bootstrap_connected()
            return [Failed(list(records), failure_of(exc, connected=connected))]
        parts: dict[int, list[Record]] = {}
        for record in records:
            parts.setdefault(partition_of(record.key, partitions), []).append(record)
        return self._send(self._producer, parts, timestamps=timestamps)

    def _send(self, producer: KafkaProducer, parts: dict[int, list[Record]], *, timestamps: bool) -> list[Failed]:
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
            for partition, records in parts.items()
        }
        try:
            producer.flush(timeout=2 * REQUEST_TIMEOUT_S + LINGER_S + 1)
        except kafka_errors.KafkaTimeoutError:
            self._begin_anew()  # it must not send them later, behind our back: a new one starts with nothing
        connected = producer.bootstrap_connected()
        return [
            Failed(parts[partition], failure_of(error, connected=connected))
            for partition, group in futures.items()
            if (error := _error(group)) is not None
        ]

    def _begin_anew(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=0)
            self._producer = None

    def _connect(self) -> KafkaProducer:
        return KafkaProducer(
            **connection_settings(self._door),
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


def connection_settings(door: Door) -> dict[str, Any]:
    """What the library's clients are to be made with; secrets are in it.

    Raises:
        UnusableFile: a certificate or key cannot be used.
        NoPassword: it cannot be had.
    """
    settings: dict[str, Any] = {"bootstrap_servers": list(door.servers), "security_protocol": door.protocol}
    if door.tls is not None:
        settings["ssl_context"] = door.tls.context()  # its own does not insist on a certificate
    if (login := door.login) is not None:
        settings["sasl_mechanism"] = login.mechanism
        settings["sasl_plain_username"] = login.username
        settings["sasl_plain_password"] = login.password().get_secret_value()
    return settings


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's Java client chooses for a key: murmur2 without its sign, modulo."""
    return _hash(key) % partitions


@lru_cache(maxsize=MAX_KEYS)  # there are few sensors, and the client's murmur2 is written in Python
def _hash(key: bytes) -> int:
    hashed: int = murmur2(key)
    return hashed & 0x7FFFFFFF


def failure_of(error: Exception, *, connected: bool) -> Failure:
    """An error of the client in the gateway's vocabulary.

    Args:
        error: what the client raised.
        connected: whether any broker has answered.
    """
    return Failure(_kind(error, connected=connected), str(error) or type(error).__name__)


def _kind(error: Exception, *, connected: bool) -> Kind:
    match error:
        case kafka_errors.MessageSizeTooLargeError() | kafka_errors.RecordListTooLargeError():
            return "too_large"
        case kafka_errors.InvalidTimestampError():
            return "untimely"
        case kafka_errors.TopicAuthorizationFailedError():
            return "forbidden"
        case kafka_errors.UnknownTopicOrPartitionError():
            return "no_topic"
        case kafka_errors.KafkaTimeoutError():
            return "no_topic" if connected and "metadata" in str(error) else "no_broker"
        case kafka_errors.KafkaConnectionError() | kafka_errors.RequestTimedOutError() | TimeoutError():
            return "no_broker"
    return "other"


def _error(futures: list[Any]) -> Exception | None:
    """Why a part failed; None when all of it is acknowledged."""
    for future in futures:
        if not future.is_done:
            return TimeoutError("no answer")
        if future.failed():
            error: Exception | type[Exception] = future.exception  # the client fails them with the class as well
            return error() if isinstance(error, type) else error
    return None
