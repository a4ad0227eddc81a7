import time
from collections.abc import Iterator
from contextlib import contextmanager

from kafka import KafkaConsumer, TopicPartition

from bench.gateway_load.arrivals import Account, Arrival
from sandbox.kafka import Kafka
from sandbox.records import API_VERSION, read_topic

PARTITIONS = 3
POLL_S = 0.1  # rare enough to leave the cores to the gateway
PATIENCE_S = 10.0  # without a new record, then what is missing is lost
READ_TIMEOUT_S = 120.0


class Topic:
    """A fresh topic whose records carry the broker's time, so that speed is read off the topic itself."""

    def __init__(self, kafka: Kafka, name: str) -> None:
        self.name = name
        self._servers = kafka.bootstrap_servers
        self._partitions = [TopicPartition(name, number) for number in range(PARTITIONS)]
        kafka.create_topic(name, PARTITIONS, config={"message.timestamp.type": "LogAppendTime"})

    @contextmanager
    def consumer(self) -> Iterator[KafkaConsumer]:
        """A consumer at the topic's beginning."""
        consumer = KafkaConsumer(
            bootstrap_servers=self._servers.split(","), api_version=API_VERSION, enable_auto_commit=False
        )
        try:
            consumer.assign(self._partitions)
            consumer.seek_to_beginning()
            yield consumer
        finally:
            consumer.close(autocommit=False)

    def wait_beyond(self, count: int) -> int:
        """Wait until more than `count` records are there, or none has come for PATIENCE_S.

        Returns:
            How many there are.
        """
        with self.consumer() as consumer:
            seen, since_s = -1, time.monotonic()
            while True:
                end = sum(consumer.end_offsets(self._partitions).values())
                if end != seen:
                    seen, since_s = end, time.monotonic()
                if end > count or time.monotonic() - since_s > PATIENCE_S:
                    return int(end)
                time.sleep(POLL_S)

    def read(self) -> list[Arrival]:
        """Everything, each partition in its order."""
        records = read_topic(self._servers, self.name, READ_TIMEOUT_S)
        return [Arrival.from_value(one.value, one.timestamp_ms) for one in records if one.value is not None]

    def read_complete(self, sent: int) -> list[Arrival]:
        """Everything, once the readings 0 to `sent` - 1 have landed or nothing has come for PATIENCE_S."""
        lost = sent
        arrivals: list[Arrival] = []
        while lost:
            # At least so many more have to come; duplicates among them show as readings that still lack.
            wanted = len(arrivals) + lost
            is_over = self.wait_beyond(wanted - 1) < wanted
            arrivals = self.read()
            lost = Account.of(arrivals, sent).lost
            if is_over:
                break
        return arrivals
