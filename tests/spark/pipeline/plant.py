"""A plant whose three sensors overheat again and again, and what must be told of it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaProducer

from sandbox.kafka import Kafka
from sandbox.records import API_VERSION, Record

SENSORS = ("S1", "S2", "S3")
T0 = datetime(2024, 3, 1, tzinfo=UTC)
# A cycle of 40 s: 20 s warm, 10 s too hot, 10 s between the limits, which is still too hot.
CYCLE = (*[60.0] * 20, *[90.0] * 9, 91.5, *[78.0] * 10)


def readings(first_s: int, last_s: int) -> Iterator[tuple[str, bytes]]:
    """(sensor, record) of every second from `first_s` until before `last_s`; each may be made again as a resend."""
    for second in range(first_s, last_s):
        for number, sensor_id in enumerate(SENSORS):
            yield sensor_id, record(sensor_id, second, CYCLE[second % 40], 3 * second + number + 1)


def record(sensor_id: str, second: float, celsius: float, sequence: int, **marks: bool) -> bytes:
    """What a gateway writes to the topic."""
    at = (T0 + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {"sensor_id": sensor_id, "suhu": celsius, "measured_at": at, "source": "simulator", **marks}
    return json.dumps({**fields, "event_id": f"pabrik-1/k3v9/{sequence}"}).encode()


@contextmanager
def gateway(kafka: Kafka) -> Iterator[KafkaProducer]:
    """A producer that waits for every acknowledgement, as the gateway's does."""
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers.split(","),
        api_version=API_VERSION,
        acks="all",
        retries=9,
        max_in_flight_requests_per_connection=1,
    )
    try:
        yield producer
    finally:
        producer.close()


def send(producer: KafkaProducer, topic: str, records: Iterable[tuple[str, bytes]]) -> None:
    """Write records, keyed by sensor, and return when the broker has them."""
    for sent in [producer.send(topic, value, key=sensor_id.encode()) for sensor_id, value in records]:
        sent.get(timeout=30)


def by_id(records: Iterable[Record], id_field: str, wrong: list[str]) -> list[dict[str, Any]]:
    """One record per id, in the order of the topic; ids whose records differ are told in `wrong`."""
    values: dict[str, bytes] = {}
    for each in records:
        value = each.value or b""
        id_ = json.loads(value)[id_field]
        if values.setdefault(id_, value) != value:
            wrong.append(f"{id_} differs")
    return [json.loads(value) for value in values.values()]


def faults_of_incidents(records: Iterable[Record], cycles: int) -> list[str]:
    """What is wrong with the records of overheating after so many cycles of every sensor."""
    wrong: list[str] = []
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for incident in by_id(records, "record_id", wrong):
        told[incident["sensor_id"]].append(incident)
    for sensor_id in SENSORS:
        seen = [
            (
                one["phase"],
                (datetime.fromisoformat(one["at"]) - T0).total_seconds(),
                one["duration_s"],
                one["peak_celsius"],
            )
            for one in told.pop(sensor_id, [])
        ]
        due: list[tuple[str, float, float, float]] = []
        for cycle in range(cycles):
            due.append(("began", 40 * cycle + 20, 0.0, 90.0))
            due.append(("ended", 40 * cycle + 40, 20.0, 91.5))
        wrong += [f"{sensor_id} {one} is missing" for one in due if one not in seen]
        wrong += [f"{sensor_id} {one} is too much" for one in seen if one not in due]
        if not wrong and seen != due:
            wrong.append(f"{sensor_id} in another order")
    return wrong + [f"unknown sensor {sensor_id}" for sensor_id in told]


def faults_of_enriched(records: Iterable[Record], seconds: int) -> list[str]:
    """What is wrong with the enriched readings after so many seconds of every sensor."""
    wrong: list[str] = []
    seen: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
    for one in by_id(records, "reading_id", wrong):
        at_s = (datetime.fromisoformat(one["measured_at"]) - T0).total_seconds()
        seen[one["sensor_id"]].append((at_s, one["suhu"], one["level"]))
    levels = {60.0: "normal", 78.0: "warning", 90.0: "critical", 91.5: "critical"}
    due = [(float(second), CYCLE[second % 40], levels[CYCLE[second % 40]]) for second in range(seconds)]
    for sensor_id in SENSORS:
        if seen[sensor_id] != due:
            found = len(seen[sensor_id])
            wrong.append(f"{sensor_id}: {found} readings, of which {len(set(due) & set(seen[sensor_id]))} are right")
    return wrong
