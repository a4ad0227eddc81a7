import itertools
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from kafka import KafkaProducer

from sandbox.records import API_VERSION

_SEQUENCE = itertools.count(1)


class Sensors:
    """Writes records to a topic, in partition 0 or by their key."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers.split(","), api_version=API_VERSION, linger_ms=0, retries=20
        )
        self._topic = topic

    def say(self, sensor_id: str, celsius: float, *, ago_s: float = 0.0, **changes: object) -> bytes:
        """Write a reading, wait until it is in Kafka, and return it."""
        at = datetime.fromtimestamp(time.time() - ago_s, UTC)
        fields = {
            "sensor_id": sensor_id,
            "suhu": celsius,
            "measured_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "source": "serial",
            "event_id": f"pabrik-1/k3v9/{next(_SEQUENCE)}",
        }
        value = json.dumps(fields | changes).encode()
        self.write(value, sensor_id, int(at.timestamp() * 1000))
        return value

    def write(self, value: bytes | None, key: str = "S1", timestamp_ms: int | None = None, topic: str = "") -> None:
        """Write any record."""
        sent = self._producer.send(topic or self._topic, value, key.encode(), timestamp_ms=timestamp_ms)
        sent.get(timeout=30)

    def pour(self, values: list[bytes]) -> None:
        """Write many records at once, in their order."""
        for value in values:
            self._producer.send(self._topic, value, partition=0)
        self._producer.flush(60)

    def close(self) -> None:
        """Free the connection."""
        self._producer.close(timeout=0)


@contextmanager
def sensors(bootstrap_servers: str, topic: str = "sensor-suhu") -> Iterator[Sensors]:
    """Sensors that can be heard as long as the context lasts."""
    found = Sensors(bootstrap_servers, topic)
    try:
        yield found
    finally:
        found.close()
