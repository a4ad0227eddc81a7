import json
import threading
from types import TracebackType
from typing import Self

from kafka import KafkaConsumer, TopicPartition

from sandbox.records import API_VERSION


class TopicWatch:
    """Follows `sensor-suhu` in a thread and keeps each sensor's newest temperature."""

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self._servers = bootstrap_servers.split(",")
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="topic watch", daemon=True)
        self.celsius: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        consumer = KafkaConsumer(bootstrap_servers=self._servers, api_version=API_VERSION, enable_auto_commit=False)
        consumer.assign(self._partitions)
        consumer.seek_to_beginning()
        while not self._stop.is_set():
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    fields = json.loads(record.value)
                    self.celsius = {**self.celsius, fields["sensor_id"]: fields["suhu"]}
        consumer.close()
