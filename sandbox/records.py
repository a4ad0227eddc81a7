import socket
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from sandbox.errors import SandboxError

API_VERSION = (2, 6, 0)  # older ones make kafka-python-ng wait for ever for a broker of Kafka 4
CONNECT_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Record:
    """One record, as it lies in a topic."""

    key: bytes | None
    value: bytes | None
    partition: int
    offset: int
    timestamp_ms: int


def read_topic(bootstrap_servers: str, topic: str, timeout_s: float = 30.0) -> list[Record]:
    """Read what a topic holds now: from its beginning to where its partitions end at the time of the call.

    Returns:
        All records, ordered by partition and offset.

    Raises:
        SandboxError: no such topic, no broker, or the end was not reached in time.
    """
    servers = bootstrap_servers.split(",")
    if not any(_listens(server) for server in servers):
        raise SandboxError(f"No Kafka broker answers at {bootstrap_servers}: start it first.")
    consumer = KafkaConsumer(bootstrap_servers=servers, api_version=API_VERSION, enable_auto_commit=False)
    reading: Future[list[Record]] = Future()
    # In a thread, because the consumer asks a broker that hangs for ever.
    threading.Thread(target=_read, args=(consumer, topic, reading), name=f"reader of {topic}", daemon=True).start()
    try:
        return reading.result(timeout_s)
    except TimeoutError:
        raise SandboxError(
            f"{topic} at {bootstrap_servers} was not read within {timeout_s:g} s: does it hang?"
        ) from None
    except KafkaError as error:
        raise SandboxError(f"{topic} at {bootstrap_servers} cannot be read: {error}") from error
    finally:
        consumer.close()  # a thread that is still at it finds its connection closed, and ends


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def _read(consumer: KafkaConsumer, topic: str, reading: "Future[list[Record]]") -> None:
    try:
        reading.set_result(_read_to_end(consumer, topic))
    except Exception as error:
        reading.set_exception(error)


def _read_to_end(consumer: KafkaConsumer, topic: str) -> list[Record]:
    partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
    if not partitions:
        raise SandboxError(f"There is no topic {topic}: create it first (auto-create is off).")
    consumer.assign(partitions)
    for partition, beginning in consumer.beginning_offsets(partitions).items():
        consumer.seek(partition, beginning)
    ends = consumer.end_offsets(partitions)
    records: list[Record] = []
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for partition, batch in consumer.poll(timeout_ms=200).items():
            records += [
                Record(got.key, got.value, got.partition, got.offset, got.timestamp)
                for got in batch
                if got.offset < ends[partition]
            ]
    return sorted(records, key=lambda record: (record.partition, record.offset))
