from collections.abc import Sequence

import pytest
from kafka import TopicPartition

from dashboard.feed.hour import Hour
from dashboard.feed.start import Start
from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.dashboard.producing import sensors

pytestmark = pytest.mark.system


def test_what_was_before_is_read_once_up_to_where_the_feed_began(kafka: Kafka) -> None:
    kafka.create_topic("hour", 2)
    with sensors(kafka.bootstrap_servers, "hour") as plant:
        plant.pour([b"%d" % number for number in range(5_000)])
    found: list[bytes | None] = []

    def take(topic: str, partition: int, values: Sequence[bytes | None], *, live: bool) -> None:
        assert (topic, partition, live) == ("hour", 0, False)
        found.extend(values)

    hour = Hour(kafka.bootstrap_servers, lambda: {"security_protocol": "PLAINTEXT"}, take)
    hour.start()
    hour.want({})
    hour.want({TopicPartition("hour", 0): Start(1_000, 4_000, 5_000), TopicPartition("hour", 1): Start(0, 0, 0)})
    wait_until(lambda: len(found) == 3_000, 30, "what was before")
    assert found == [b"%d" % number for number in range(1_000, 4_000)]
    found.clear()
    hour.want({TopicPartition("hour", 0): Start(0, 10, 5_000)})
    wait_until(lambda: len(found) == 10, 30, "what is wanted later")
    hour.stop()
