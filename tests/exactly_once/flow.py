import json
import random
import threading
import time
from types import TracebackType
from typing import Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from sandbox.errors import SandboxError
from sandbox.records import API_VERSION
from tests.spark.hostile import HOSTILE

TURN_S = 0.01
PARTITIONS = 3
RECENT = 60  # how far back a resend reaches
PATIENCE_S = 120.0
MALFORMED = [value for value in HOSTILE if value is None or len(value) < 3_000]
KINDS = {"hot": 24, "cold": 46, "edge": 3, "retained": 4, "replayed": 5, "resend": 9, "twice": 4, "malformed": 5}


class Flow:
    """Writes readings to the topic in a thread, steadily, and knows which line each hot one must get.

    Of a hundred records some 30 are readings above 80 °C. Among them are those that a gateway sends late
    (`replayed`), those that it sends again after others, in the same or another partition, and records that Kafka has
    twice. Besides come cold readings, readings of exactly 80 °C, hot ones that an MQTT broker had `retained`, and
    records that are no readings.

    Args:
        bootstrap_servers: of Kafka, which may be away for a while.
        topic: has PARTITIONS.
        seed: of what comes; when it comes is the clock's.
        rate: records per second.
    """

    def __init__(self, bootstrap_servers: str, topic: str, seed: int, rate: float = 300.0) -> None:
        self.records = 0
        self._topic = topic
        self._rate = rate
        self._chance = random.Random(seed)
        self._expected: dict[str, str] = {}
        self._sequence = 0
        self._recent: list[tuple[bytes, int]] = []
        self._failures: list[BaseException] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flow", daemon=True)
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers.split(","),
            api_version=API_VERSION,
            acks="all",
            retries=1 << 30,
            max_in_flight_requests_per_connection=1,
            request_timeout_ms=int(PATIENCE_S * 1000),  # also how long a record may wait for a broker
            max_block_ms=int(PATIENCE_S * 1000),
            reconnect_backoff_max_ms=500,
        )

    def finish(self) -> dict[str, str]:
        """Write one last hot reading into each partition, and wait until Kafka has everything.

        Returns:
            The line that each hot reading must get, by event_id; the last ones come last.

        Raises:
            SandboxError: Kafka did not take a record; nothing can be said then.
        """
        self._stopping.set()
        self._thread.join()
        for partition in range(PARTITIONS):
            self._send(*self._reading("hot", partition))
        try:
            self._producer.flush(PATIENCE_S)
        except KafkaError as error:
            self._failures.append(error)
        if self._failures:
            raise SandboxError(f"{len(self._failures)} records were not taken by Kafka: {self._failures[0]!r}")
        return dict(self._expected)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()
        self._producer.close(5)

    def _run(self) -> None:
        began_s = time.monotonic()
        turns = 0
        try:
            while not self._stopping.wait(TURN_S):
                due = int((time.monotonic() - began_s) * self._rate)
                for _ in range(due - turns):
                    self._turn()
                turns = due
        except KafkaError as error:
            self._failures.append(error)

    def _turn(self) -> None:
        kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
        if kind == "malformed":
            self._send(self._chance.choice(MALFORMED), self._chance.randrange(PARTITIONS))
            return
        if kind == "resend" and self._recent:
            value, partition = self._chance.choice(self._recent)
            elsewhere = self._chance.random() < 0.2  # the topic's partitions were added to, so the key lies elsewhere
            late = self._chance.random() < 0.5
            self._send(_flagged(value) if late else value, (partition + 1) % PARTITIONS if elsewhere else partition)
            return
        value, partition = self._reading(kind, self._chance.randrange(PARTITIONS))
        for _ in range(2 if kind == "twice" else 1):
            self._send(value, partition)
        self._recent = [*self._recent[1 - RECENT :], (value, partition)]

    def _reading(self, kind: str, partition: int) -> tuple[bytes, int]:
        self._sequence += 1
        tenths = {"cold": 500, "edge": 800}.get(kind) or 801 + self._chance.randrange(40) * 10 + self._chance.randrange(
            9
        )
        record = {
            "sensor_id": f"S{partition}",
            "suhu": tenths / 10,
            "measured_at": f"2026-11-22T03:04:05.{self._sequence % 1000:03}Z",
            "source": "simulator",
            "event_id": f"pabrik-1/k3v9/{self._sequence}",
        }
        if kind in {"retained", "replayed"}:
            record[kind] = True
        if tenths > 800 and kind != "retained":
            heat = f"{tenths // 10}.{tenths % 10} °C > 80 °C"
            self._expected[record["event_id"]] = (
                f"PERINGATAN S{partition} {heat} {record['measured_at']} {record['event_id']}"
            )
        return json.dumps(record, separators=(",", ":")).encode(), partition

    def _send(self, value: bytes | None, partition: int) -> None:
        self.records += 1
        self._producer.send(self._topic, value, key=b"k", partition=partition).add_errback(self._failures.append)


def _flagged(value: bytes) -> bytes:
    return value if b'"replayed"' in value else value[:-1] + b',"replayed":true}'
