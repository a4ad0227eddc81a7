"""What the gateway and the Spark jobs write into their topics, as the contracts have it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from kafka import KafkaProducer

from sandbox.records import API_VERSION


class Writer:
    """Writes into one topic and its sisters; what a call has written is in Kafka when it returns."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self._producer = producer
        self._topic = topic
        self._sequence = 0

    def reading(self, sensor_id: str, celsius: float, *, ago_s: float = 0, source: str = "serial") -> None:
        """Write one reading."""
        self.readings([(sensor_id, celsius)], ago_s=ago_s, source=source)

    def readings(self, readings: list[tuple[str, float]], *, ago_s: float = 0, source: str = "serial") -> None:
        """Write readings of one moment."""
        for sensor_id, celsius in readings:
            self._sequence += 1
            event_id = f"{self._topic}/page/{self._sequence}"
            record = {"sensor_id": sensor_id, "suhu": celsius, "measured_at": instant(ago_s), "source": source}
            self._send(self._topic, sensor_id, {**record, "event_id": event_id})
        self._producer.flush()

    def alert(self, sensor_id: str, celsius: float, offset: int, *, ago_s: float = 0) -> None:
        """Write what the alert job says of a reading."""
        record = {"alert_id": f"{self._topic}/0/{offset}", "sensor_id": sensor_id, "suhu": celsius}
        self._send(
            f"{self._topic}-alerts", sensor_id, {**record, "threshold_celsius": 80.0, "measured_at": instant(ago_s)}
        )
        self._producer.flush()

    def incident(
        self, sensor_id: str, kind: str, phase: str, *, began_ago_s: float, lasted_s: float, peak: float = 85.5
    ) -> None:
        """Write what the pipeline says of a happening."""
        incident_id = f"{kind}/{self._topic}/0/7"
        record = {
            "record_id": f"{incident_id}/{phase}",
            "incident_id": incident_id,
            "kind": kind,
            "phase": phase,
            "sensor_id": sensor_id,
            "at": instant(began_ago_s - lasted_s),
            "began_at": instant(began_ago_s),
            "duration_s": lasted_s,
            "suhu": 79.0,
            "peak_celsius": None if kind == "silent" else peak,
            "peak_rate_celsius_per_min": 12.5 if kind == "fast_heating" else None,
            "reading_id": f"{self._topic}/0/9",
            "replayed": False,
            "clock_unsynced": False,
        }
        self._send(f"{self._topic}-incidents", sensor_id, record)
        self._producer.flush()

    def junk(self, value: bytes) -> None:
        """Write something that is no reading."""
        self._producer.send(self._topic, key=b"junk", value=value)
        self._producer.flush()

    def _send(self, topic: str, sensor_id: str, record: dict[str, object]) -> None:
        self._producer.send(topic, key=sensor_id.encode(), value=json.dumps(record).encode())


def instant(ago_s: float) -> str:
    """A moment before now, as records write it."""
    moment = datetime.now(UTC) - timedelta(seconds=ago_s)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextmanager
def writing(bootstrap_servers: str, topic: str) -> Iterator[Writer]:
    """Write into a topic of that name and its sisters, which must be there."""
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers.split(","), api_version=API_VERSION, linger_ms=2)
    try:
        yield Writer(producer, topic)
    finally:
        producer.close()
