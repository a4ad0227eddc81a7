"""Numbered readings on Kafka: preloaded as fast as the broker takes them, or one after the other at a steady rate."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import Producer

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka

HOT_EVERY = 997  # prime, so that the hot ones are of all sensors and in all partitions
HOT_CELSIUS, NORMAL_CELSIUS = 91.5, 47.25
FLUSH_TIMEOUT_S = 120.0
IN_FLIGHT = 100_000  # records handed to the producer between two looks at what became of them


@dataclass(frozen=True, slots=True)
class Preload:
    """Readings that lie in a topic before anybody reads it: one a second of each sensor, up to now."""

    count: int
    sensors: int = 100
    partitions: int = 3

    @property
    def topic(self) -> str:
        """Its name, which says what is in it."""
        return f"bench-{self.count}-{self.sensors}-{self.partitions}"

    @property
    def hot(self) -> int:
        """How many are above 80 °C."""
        return (self.count + HOT_EVERY - 1) // HOT_EVERY

    def write(self, kafka: Kafka) -> None:
        """Create the topic and fill it; does nothing when it is there.

        Raises:
            SandboxError: the broker did not take everything.
        """
        with_alerts = (self.topic, f"{self.topic}-alerts")
        for name in with_alerts:
            kafka.create_topic(name, self.partitions)
        producer = _producer(kafka, linger_ms=50)
        for number, moment in enumerate(self._moments()):
            sensor = number % self.sensors
            celsius = HOT_CELSIUS if number % HOT_EVERY == 0 else NORMAL_CELSIUS
            value = _encode(number, sensor, celsius, moment)
            producer.produce(self.topic, value, key=f"S{sensor}", partition=sensor % self.partitions)
            if number % IN_FLIGHT == 0:
                producer.flush(FLUSH_TIMEOUT_S)
        if producer.flush(FLUSH_TIMEOUT_S):
            raise SandboxError(f"the broker did not take all of {self.topic}")

    def _moments(self) -> Iterator[str]:
        """When each reading was measured; the same second for one of each sensor."""
        ticks = -(-self.count // self.sensors)
        now_s = int(time.time())
        for tick in range(ticks):
            moment = _moment((now_s - ticks + tick) * 1000)
            for _ in range(min(self.sensors, self.count - tick * self.sensors)):
                yield moment


class Steady:
    """Readings at a steady rate in a thread of its own; their moments are this process's wall clock."""

    def __init__(self, kafka: Kafka, topic: str, partitions: int, *, rate: float, sensors: int, celsius: float) -> None:
        self.sent_at_ns: list[int] = []  # by number: just before it was handed to the producer
        self._producer = _producer(kafka, linger_ms=0)
        self._send: Callable[[int], None] = lambda number: self._producer.produce(
            topic,
            _encode(number, number % sensors, celsius, _moment(time.time_ns() // 1_000_000)),
            key=f"S{number % sensors}",
            partition=number % sensors % partitions,
        )
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="steady readings", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> int:
        """End, and return how many the broker has taken.

        Raises:
            SandboxError: it has not taken all.
        """
        self._stop.set()
        self._thread.join()
        if self._producer.flush(FLUSH_TIMEOUT_S):
            raise SandboxError("the broker did not take all readings")
        return len(self.sent_at_ns)

    def _run(self) -> None:
        began_s = time.monotonic()
        while not self._stop.wait(max(0.0, began_s + len(self.sent_at_ns) / self._rate - time.monotonic())):
            self.sent_at_ns.append(time.time_ns())
            self._send(len(self.sent_at_ns) - 1)
            self._producer.poll(0)


def number_of(line: str) -> int:
    """The number of the reading that a printed warning is about."""
    return int(line.rpartition("bench/k3v9/")[2].split()[0]) - 1


def _encode(number: int, sensor: int, celsius: float, moment: str) -> bytes:
    """A record of `sensor-suhu` as the gateway writes it; see contracts/."""
    return (
        f'{{"sensor_id":"S{sensor}","suhu":{celsius},"measured_at":"{moment}",'
        f'"source":"simulator","event_id":"bench/k3v9/{number + 1}"}}'
    ).encode()


def _moment(unix_ms: int) -> str:
    return f"{datetime.fromtimestamp(unix_ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{unix_ms % 1000:03}Z"


def _producer(kafka: Kafka, *, linger_ms: int) -> Producer:
    return Producer(
        {
            "bootstrap.servers": kafka.bootstrap_servers,
            "enable.idempotence": True,
            "linger.ms": linger_ms,
            "queue.buffering.max.messages": 2 * IN_FLIGHT,
        }
    )
