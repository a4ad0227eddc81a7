"""The one file that knows confluent-kafka, the extra `fast` (docs/decisions/0012-confluent-as-an-extra.md)."""

import threading
import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from gateway.model import Record
from gateway.sinks.descriptors import OF_A_CLIENT, missing_descriptors
from gateway.sinks.kafka_door import Door, NoPassword
from gateway.sinks.kafka_sink import Failed
from gateway.sinks.kafka_words import Failure, Kind
from gateway.tls import UnusableFile

METADATA_TIMEOUT_S = 2.0
PATIENCE_S = 5.0  # the library retries on its own meanwhile, and so long an interruption makes no duplicate
SLICE_S = 0.1  # how soon `close` is noticed
LAST_REPORTS_S = 1.0
NO_TIMESTAMP = -1
# More than the forwarder ever hands over at once: a partition's part is one batch, so it is taken or refused whole.
MAX_BATCH_BYTES = 4_000_000

KINDS: dict[int, Kind] = {
    KafkaError.MSG_SIZE_TOO_LARGE: "too_large",
    KafkaError.RECORD_LIST_TOO_LARGE: "too_large",
    KafkaError.INVALID_TIMESTAMP: "untimely",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "forbidden",
    KafkaError.UNKNOWN_TOPIC_OR_PART: "no_topic",
    KafkaError._UNKNOWN_TOPIC: "no_topic",
    KafkaError._UNKNOWN_PARTITION: "no_topic",
    KafkaError._TRANSPORT: "no_broker",
    KafkaError._RESOLVE: "no_broker",
    KafkaError._ALL_BROKERS_DOWN: "no_broker",
    KafkaError._TIMED_OUT: "no_broker",
    KafkaError._MSG_TIMED_OUT: "no_broker",
}


class ConfluentClient:
    """Sends each batch as one produce request per partition, idempotently. See KafkaClient.

    Nothing is sent before `flush`, because linger is longer than filling a batch takes. After a failure
    that is not the record's own the producer is thrown away with all that is in it, so that nothing of
    it is sent later.

    Args:
        door: where Kafka is, and what we show there.
        topic: must exist.
        client_id: what the broker's logs call us.
    """

    def __init__(self, door: Door, topic: str, client_id: str) -> None:
        self._door = door
        self._topic = topic
        self._settings = {
            "client.id": client_id,
            "acks": "all",
            "enable.idempotence": True,
            "message.timeout.ms": 0,  # for ever: a batch that expires could be overtaken by the next one
            "partitioner": "murmur2_random",  # the Java client's
            "linger.ms": 2_000,
            "batch.size": MAX_BATCH_BYTES,
            "message.max.bytes": MAX_BATCH_BYTES,  # the broker says what is too large
            "reconnect.backoff.max.ms": 1_000,
            "socket.keepalive.enable": True,
            "on_delivery": self._note,
            "delivery.report.only.error": True,
            "log_level": 0,  # it logs every retry; the gateway says once that Kafka is gone and once that it is back
        }
        self._producer: Producer | None = None
        self._knows_topic = False
        self._reports: list[tuple[KafkaError, Message]] = []  # what failed since `produce` began
        self._closing = threading.Event()

    def produce(self, records: Sequence[Record], *, timestamps: bool = True) -> list[Failed]:
        """See KafkaClient."""
        if self._producer is None:
            if (failure := missing_descriptors(OF_A_CLIENT)) is not None:
                return [Failed(list(records), failure)]
            try:
                self._producer = Producer({**self._settings, **connection_settings(self._door)})
            except (UnusableFile, NoPassword) as exc:
                return [Failed(list(records), Failure("files", str(exc)))]
        if not self._knows_topic:
            if (failure := self._look(self._producer)) is not None:
                self._producer = None  # the next one reads the password and the certificates anew
                return [Failed(list(records), failure)]
            self._knows_topic = True
        self._reports.clear()
        failed = self._fill(self._producer, records, timestamps=timestamps)
        if (given_up := self._flush(self._producer)) is not None:
            failed = [Failed(list(records), given_up)]  # some may have arrived, and come twice
        else:
            failed += self._reported(records)
        if any(one.failure.kind not in {"too_large", "untimely"} for one in failed):
            self._producer, self._knows_topic = None, False
        return failed

    def close(self) -> None:
        """See KafkaClient."""
        self._closing.set()

    def _note(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._reports.append((error, message))

    def _look(self, producer: Producer) -> Failure | None:
        """Ask for the topic; None when it is there."""
        try:
            topics = producer.list_topics(self._topic, METADATA_TIMEOUT_S).topics
        except KafkaException as exc:
            return _failure(exc.args[0])
        error = topics[self._topic].error
        return None if error is None else _failure(error)

    def _fill(self, producer: Producer, records: Sequence[Record], *, timestamps: bool) -> list[Failed]:
        """Hand records over, up to the first that is not taken: what comes after it must not overtake it."""
        for place, record in enumerate(records):
            try:
                producer.produce(
                    self._topic,
                    record.value,
                    record.key,
                    timestamp=record.timestamp_ms if timestamps else NO_TIMESTAMP,
                )
            except KafkaException as exc:
                failure = _failure(exc.args[0])
                return [Failed(list(records[place:]), failure)]
            except BufferError as exc:
                return [Failed(list(records[place:]), Failure("other", str(exc)))]
        return []

    def _flush(self, producer: Producer) -> Failure | None:
        """Wait for all answers; None when they are there, else everything is withdrawn for the reason returned."""
        deadline_s = time.monotonic() + PATIENCE_S
        while producer.flush(SLICE_S):
            if self._closing.is_set() or time.monotonic() > deadline_s:
                producer.purge()
                producer.flush(LAST_REPORTS_S)  # frees what was withdrawn
                if self._closing.is_set():
                    return Failure("other", "the gateway stops")
                return self._look(producer) or Failure("other", f"no acknowledgement within {PATIENCE_S:.0f} s")
        return None

    def _reported(self, records: Sequence[Record]) -> list[Failed]:
        """What Kafka did not take, by partition."""
        if not self._reports:
            return []
        by_value = {record.value: record for record in records}  # an event_id is in it
        parts: dict[int | None, list[Record]] = {}
        failures: dict[int | None, Failure] = {}
        for error, message in self._reports:
            parts.setdefault(message.partition(), []).append(by_value[message.value() or b""])
            failures[message.partition()] = _failure(error)
        return [
            Failed(sorted(part, key=lambda record: record.sequence), failures[partition])
            for partition, part in parts.items()
        ]


def connection_settings(door: Door) -> dict[str, str]:
    """What the library is to be told of a door; secrets are in it.

    Raises:
        UnusableFile: a certificate or key cannot be used.
        NoPassword: it cannot be had.
    """
    settings = {"bootstrap.servers": ",".join(door.servers), "security.protocol": door.protocol.lower()}
    if (tls := door.tls) is not None:
        tls.context()  # says what is wrong with a file; the library says it in C's words
        settings["enable.ssl.certificate.verification"] = "true"
        settings["ssl.endpoint.identification.algorithm"] = "https"
        files = {"ssl.ca.location": tls.ca_file, "ssl.certificate.location": tls.cert_file}
        files["ssl.key.location"] = tls.key_file
        settings |= {key: str(path) for key, path in files.items() if path is not None}
    if (login := door.login) is not None:
        settings["sasl.mechanism"] = login.mechanism
        settings["sasl.username"] = login.username
        settings["sasl.password"] = login.password().get_secret_value()
    return settings


def _failure(error: KafkaError) -> Failure:
    return Failure(KINDS.get(error.code(), "other"), error.str())
