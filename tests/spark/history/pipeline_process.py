import json
import sys
from pathlib import Path
from typing import Any

from kafka import KafkaProducer

from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import API_VERSION
from tests.spark.alert_process import PROJECT

READY_TIMEOUT_S = 300.0  # Spark starts, and the first batch compiles its plan


class HistoryProcess(Child):
    """`pipeline.py --queries history` as a child process; standard output and error end up in one log."""

    def __init__(self, kafka: Kafka, work_dir: Path, topic: str, *options: str, checkpoint: str = "checkpoint") -> None:
        self.history = work_dir / "history"
        argv = [sys.executable, str(PROJECT / "spark" / "pipeline.py"), "--queries", "history", "--topic", topic]
        argv += ["--bootstrap-servers", kafka.bootstrap_servers, "--checkpoint", str(work_dir / checkpoint)]
        super().__init__("pipeline", [*argv, "--history", str(self.history), *options], work_dir)

    def files(self) -> list[Path]:
        """What a plain glob finds."""
        return sorted(self.history.glob("day=*/*.parquet"))

    def wait_for_change(self, before: list[Path]) -> None:
        """Wait until the history has other files than it had."""
        self.wait_until(lambda: self.files() != before, READY_TIMEOUT_S, "a batch in the history")


class Plant:
    """Three sensors, each in a partition and on a day of its own; some of what they say is sent twice."""

    def __init__(self, kafka: Kafka, topic: str) -> None:
        self.topic = topic
        self._sequence = 0
        self._producer = KafkaProducer(
            bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION, acks="all", retries=9
        )

    @property
    def event_ids(self) -> set[str]:
        """Of everything that was sent so far."""
        return {f"pabrik-1/k3v9/{sequence}" for sequence in range(1, self._sequence + 1)}

    def send(self, count: int) -> None:
        """Send some more readings, every tenth of them again, and return when the broker has them."""
        numbers = range(self._sequence + 1, self._sequence + count + 1)
        self._sequence += count
        again = [number for number in numbers if number % 10 == 0]
        for future in [self._send(number) for number in (*numbers, *again)]:
            future.get(timeout=30)

    @staticmethod
    def event_id(value: bytes | None) -> str:
        """Read the event_id of a record that was sent."""
        return str(json.loads(value or b"")["event_id"])

    def close(self) -> None:
        self._producer.close()

    def _send(self, number: int) -> Any:
        day = 18 + number % 3
        minute, millisecond = divmod(number, 60_000)
        at = f"2026-11-{day}T03:{minute:02}:{millisecond // 1000:02}.{millisecond % 1000:03}Z"
        reading = {"sensor_id": f"S{number % 3}", "suhu": 20 + number % 70, "measured_at": at, "source": "simulator"}
        value = json.dumps({**reading, "event_id": f"pabrik-1/k3v9/{number}"}).encode()
        return self._producer.send(self.topic, value, key=f"S{number % 3}".encode(), partition=number % 3)
