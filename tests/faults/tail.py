import json

from kafka import KafkaConsumer, TopicPartition

from sandbox.records import API_VERSION
from tests.faults.invariants import Accepted

POLL_MS = 20


class Tail:
    """Follows a topic, over restarts of its broker, to know how far it has come; the proof reads the topic anew."""

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self._servers = bootstrap_servers.split(",")
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._consumer: KafkaConsumer | None = None
        self._readings: set[Accepted] = set()

    def readings(self) -> set[Accepted]:
        """All that has come so far."""
        for records in self._opened().poll(timeout_ms=POLL_MS, max_records=5_000).values():
            for record in records:
                try:
                    fields = json.loads(record.value)
                except ValueError:
                    continue  # the proof's business
                self._readings.add((fields["sensor_id"], fields["suhu"]))
        return self._readings

    def highest(self) -> float:
        """The highest temperature so far, which is the load's newest."""
        return max((celsius for _, celsius in self.readings()), default=0.0)

    def close(self) -> None:
        """Free the connection."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False)

    def _opened(self) -> KafkaConsumer:
        if self._consumer is None:
            self._consumer = consumer_of(self._servers, self._partitions)
        return self._consumer


def consumer_of(servers: list[str], partitions: list[TopicPartition]) -> KafkaConsumer:
    """One that follows partitions from their beginning, over restarts and hangs of the broker."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers,
        api_version=API_VERSION,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=4_000,  # a frozen broker shall not hold us up for minutes
        session_timeout_ms=3_000,
        heartbeat_interval_ms=1_000,
    )
    consumer.assign(partitions)
    consumer.seek_to_beginning()
    return consumer
