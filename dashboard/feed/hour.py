import threading
import time
from collections.abc import Callable, Mapping
from queue import Queue
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from dashboard.events import say
from dashboard.feed.feed import Taker
from dashboard.feed.library import Reader
from dashboard.feed.start import Start

POLL_MS = 500
RETRY_S = 5.0
GIVE_UP_S = 600.0


class Hour:
    """Reads the hour before the start, in a thread of its own, so that what comes now waits for nothing.

    It pauses as long as it works: the page, and the machine's other programs, come first.
    """

    def __init__(self, servers: str, settings: Callable[[], Mapping[str, Any]], take: Taker) -> None:
        self._servers = servers
        self._settings = settings
        self._take = take
        self._wanted: Queue[Mapping[TopicPartition, Start]] = Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kafka hour", daemon=True)

    def start(self) -> None:
        """Begin to wait for what is wanted."""
        self._thread.start()

    def want(self, partitions: Mapping[TopicPartition, Start]) -> None:
        """Read these partitions from `hour` to `tail`."""
        if partitions:
            self._wanted.put(dict(partitions))

    def stop(self) -> None:
        """Have the thread end; it is not waited for."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            wanted = self._wanted.get()
            position = {partition: start.hour for partition, start in wanted.items()}
            end = {partition: start.tail for partition, start in wanted.items()}
            deadline_s = time.monotonic() + GIVE_UP_S
            while position and not self._stopping.is_set() and time.monotonic() < deadline_s:
                try:
                    self._read(position, end)
                except KafkaError as exc:
                    say("hour_interrupted", reason=exc, retry_in_s=RETRY_S)
                    self._stopping.wait(RETRY_S)

    def _read(self, position: dict[TopicPartition, int], end: Mapping[TopicPartition, int]) -> None:
        """Read on; what is done is taken out of `position`."""
        reader = Reader(self._servers, self._settings(), "suhu-dashboard-hour", lambda: None)
        try:
            reader.assign(position)
            while position and not self._stopping.is_set():
                began_s = time.monotonic()
                for partition, records in reader.poll(POLL_MS).items():
                    if partition not in position:
                        continue
                    values = [record.value for record in records if record.offset < end[partition]]
                    self._take(partition.topic, partition.partition, values, live=False)
                    position[partition] = records[-1].offset + 1
                done = [partition for partition in position if position[partition] >= end[partition]]
                for partition in done:
                    del position[partition]
                if done and position:
                    reader.assign(position)
                self._stopping.wait(min(time.monotonic() - began_s, 0.1))
        finally:
            reader.close()
