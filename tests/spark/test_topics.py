from collections.abc import Iterator

import pytest
from suhu_jobs.errors import KafkaUnreachable, Unavailable
from suhu_jobs.jvm import Jvm
from suhu_jobs.topics import Topics

from sandbox.kafka import Kafka
from tests.spark.alert_process import recreate, send

pytestmark = pytest.mark.system


@pytest.fixture
def topics(jvm: Jvm, kafka: Kafka) -> Iterator[Topics]:
    asked = Topics(jvm, kafka.bootstrap_servers)
    yield asked
    asked.close()


def test_a_topic_is_created_described_and_grown(topics: Topics) -> None:
    assert topics.describe("topics-a") is None
    topics.create("topics-a", 2)
    topics.create("topics-a", 5)  # is there already, and stays as it is
    created = topics.describe("topics-a")
    assert created is not None
    assert created.partitions == 2
    topics.grow("topics-a", 3)
    grown = topics.describe("topics-a")
    assert grown is not None
    assert (grown.partitions, grown.topic_id) == (3, created.topic_id)


def test_a_topic_created_again_has_another_id(topics: Topics, kafka: Kafka) -> None:
    topics.create("topics-b", 1)
    old = topics.describe("topics-b")
    recreate(kafka, "topics-b")
    new = topics.describe("topics-b")
    assert old is not None
    assert new is not None
    assert old.topic_id != new.topic_id


def test_offsets_tell_what_a_topic_holds(topics: Topics, kafka: Kafka) -> None:
    topics.create("topics-c", 2)
    send(kafka, "topics-c", [b"1", b"2", b"3"], partitions=2)
    assert topics.first_offsets("topics-c", 2) == {0: 0, 1: 0}
    assert topics.next_offsets("topics-c", 2) == {0: 2, 1: 1}


def test_a_refusal_is_not_taken_for_silence(topics: Topics) -> None:
    topics.create("topics-d", 3)
    with pytest.raises(Unavailable, match="Kafka refused what the job needs: "):
        topics.grow("topics-d", 2)


@pytest.mark.parametrize("servers", ["127.0.0.1:1", "no-such-host.invalid:9092"])
def test_a_missing_broker_is_unreachable(jvm: Jvm, servers: str) -> None:
    topics = Topics(jvm, servers)
    with pytest.raises(KafkaUnreachable):
        topics.describe("topics-e")
    topics.close()
