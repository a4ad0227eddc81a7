import json
import threading
from datetime import datetime
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from gateway.proof import Proof
from tests.faults.tail import consumer_of

POLL_MS = 200


class Follower:
    """Reads the topic along, in a thread, over everything that happens to its broker; the proof reads it anew.

    Remembers of each sensor only the newest reading, and which sequences have come.
    """

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self.newest: dict[str, float] = {}  # sensor_id to `measured_at`, in s since 1970
        self.records = 0
        self._proof = Proof(complete=True)
        self._servers = bootstrap_servers.split(",")
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._offsets: dict[TopicPartition, int] = {}  # of the next record
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def holes(self) -> int:
        """How many sequences are missing below the highest; some are for a moment, when partitions are read in turn."""
        with self._lock:
            return sum(high - low + 1 for name in self._proof.journals for low, high in self._proof.holes(name))

    def newer(self, since_s: float) -> set[str]:
        """The sensors of which there is a reading that was taken after this time (s since 1970)."""
        return {sensor_id for sensor_id, at_s in list(self.newest.items()) if at_s > since_s}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stopping.wait(0.5):
            try:
                consumer = consumer_of(self._servers, self._partitions)
            except KafkaError:
                continue  # the broker is away
            try:
                for partition, offset in self._offsets.items():
                    consumer.seek(partition, offset)
                while not self._stopping.is_set():
                    self._take(consumer)
            except (KafkaError, OSError, ValueError):  # ValueError: a selector that is closed under it
                continue
            finally:
                consumer.close(autocommit=False)

    def _take(self, consumer: KafkaConsumer) -> None:
        for partition, records in consumer.poll(timeout_ms=POLL_MS, max_records=5_000).items():
            for record in records:
                self._offsets[partition] = record.offset + 1
                self.records += 1
                with self._lock:
                    self._proof.add([record.value])
                try:
                    fields = json.loads(record.value)
                    at_s = datetime.fromisoformat(fields["measured_at"]).timestamp()
                except (ValueError, LookupError, TypeError):
                    continue  # the proof's business
                self.newest[fields["sensor_id"]] = max(at_s, self.newest.get(fields["sensor_id"], 0.0))
