import threading
from collections import Counter
from collections.abc import Iterator, Sequence

import confluent_kafka
import pytest

from dashboard.feed.feed import Feed, why_silent
from sandbox.kafka import Kafka
from sandbox.waiting import wait_until

pytestmark = pytest.mark.system


class Follower:
    """A feed, and what it found: values by topic and partition."""

    def __init__(self, kafka: Kafka, *topics: str) -> None:
        self.values: dict[tuple[str, int], list[bytes | None]] = {}
        self.live: Counter[bool] = Counter()
        self.skipped: Counter[str] = Counter()
        self.feed = Feed(
            kafka.bootstrap_servers, lambda: {"security_protocol": "PLAINTEXT"}, topics, self._take, self._skip
        )

    def _take(self, topic: str, partition: int, values: Sequence[bytes | None], *, live: bool) -> None:
        self.values.setdefault((topic, partition), []).extend(values)
        self.live[live] += len(values)

    def _skip(self, reason: str, count: int) -> None:
        self.skipped[reason] += count


@pytest.fixture
def threads() -> Iterator[None]:
    yield
    wait_until(lambda: not [one for one in threading.enumerate() if one.name == "kafka feed"], 10, "the feed's end")


def produce(kafka: Kafka, topic: str, partition: int, *values: bytes, compression: str = "none") -> None:
    producer = confluent_kafka.Producer(
        {"bootstrap.servers": kafka.bootstrap_servers, "compression.type": compression, "linger.ms": 50}
    )
    for value in values:
        producer.produce(topic, value, partition=partition)
    assert producer.flush(30) == 0


def test_a_batch_that_cannot_be_unpacked_stops_no_other_partition(kafka: Kafka, threads: None) -> None:
    kafka.create_topic("feed-poison", 3)
    produce(kafka, "feed-poison", 0, b"before")
    follower = Follower(kafka, "feed-poison")
    follower.feed.start(lambda _: None)
    try:
        wait_until(lambda: follower.values.get(("feed-poison", 0)) == [b"before"], 20, "what was there")
        produce(kafka, "feed-poison", 1, *[b"x" * 200] * 50, compression="zstd")
        produce(kafka, "feed-poison", 0, *[b"%d" % number for number in range(50)])
        produce(kafka, "feed-poison", 2, *[b"%d" % number for number in range(50)])
        wait_until(lambda: follower.skipped["unreadable"] == 50, 20, "the skipped records are counted")
        expected = [b"%d" % number for number in range(50)]
        wait_until(lambda: follower.values.get(("feed-poison", 2)) == expected, 20, "partition 2, each once")
        wait_until(lambda: follower.values[("feed-poison", 0)] == [b"before", *expected], 20, "partition 0, each once")
    finally:
        follower.feed.stop()
    assert follower.skipped == {"unreadable": 50}


def test_what_was_there_before_is_told_apart_and_bounded(kafka: Kafka, threads: None) -> None:
    kafka.create_topic("feed-old", 2)
    kafka.create_topic("feed-old-alerts", 1)
    produce(kafka, "feed-old-alerts", 0, *[b"%d" % number for number in range(5_000)])
    wanted = []
    follower = Follower(kafka, "feed-old", "feed-old-alerts")
    follower.feed.start(wanted.append)
    try:
        wait_until(lambda: follower.live[False] == 4_000, 20, "the newest 4,000")
        produce(kafka, "feed-old-alerts", 0, b"new")
        wait_until(lambda: follower.live[True] == 1, 20, "what came then")
    finally:
        follower.feed.stop()
    assert follower.values[("feed-old-alerts", 0)][0] == b"1000"
    assert wanted == [{}]  # only of readings the hour before is read


def test_a_topic_that_was_made_anew_is_read_from_its_beginning(kafka: Kafka, threads: None) -> None:
    kafka.create_topic("feed-anew", 1)
    produce(kafka, "feed-anew", 0, *[b"old"] * 5)
    follower = Follower(kafka, "feed-anew")
    follower.feed.start(lambda _: None)
    try:
        wait_until(lambda: follower.values.get(("feed-anew", 0)) == [b"old"] * 5, 20, "the old one")
        admin = kafka.admin()
        admin.delete_topics(["feed-anew"])
        wait_until(lambda: "feed-anew" not in admin.list_topics(), 20, "its end")
        admin.close()
        kafka.create_topic("feed-anew", 1)
        produce(kafka, "feed-anew", 0, b"new")
        wait_until(lambda: follower.values[("feed-anew", 0)][-1] == b"new", 40, "the new one")
    finally:
        follower.feed.stop()


def test_why_nobody_answers() -> None:
    assert "127.0.0.1:9 cannot be reached" in why_silent("127.0.0.1:9", None)
    assert "cannot be reached" in why_silent("no port", None)
