import pytest
from suhu_jobs.errors import ConfigError, KafkaUnreachable, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.settings import parse_settings
from suhu_jobs.topic_pair import TopicPair, ensure_topics
from suhu_jobs.topics import Topic

from tests.spark.fake_topics import FakeTopics


def _ensure(topics: FakeTopics, *arguments: str) -> tuple[TopicPair, list[str]]:
    words: list[str] = []
    pair = ensure_topics(topics, parse_settings(arguments), EventLog(words.append))
    return pair, [line.split(" ", 1)[1] for line in words]


def test_topics_that_are_there_are_taken_as_they_are() -> None:
    topics = FakeTopics()
    topics.known = {"sensor-suhu": Topic("r", 3), "sensor-suhu-alerts": Topic("a", 5)}
    assert _ensure(topics) == (TopicPair(Topic("r", 3), Topic("a", 5)), [])


def test_missing_topics_are_created_with_the_same_number_of_partitions() -> None:
    pair, words = _ensure(FakeTopics(), "--partitions", "6")
    assert pair == TopicPair(Topic("id of sensor-suhu", 6), Topic("id of sensor-suhu-alerts", 6))
    assert words == [
        'event="topic created" topic=sensor-suhu partitions=6',
        'event="topic created" topic=sensor-suhu-alerts partitions=6',
    ]


def test_the_alerts_topic_follows_readings_that_have_more_partitions() -> None:
    topics = FakeTopics()
    topics.known = {"sensor-suhu": Topic("r", 4), "sensor-suhu-alerts": Topic("a", 3)}
    pair, words = _ensure(topics)
    assert pair == TopicPair(Topic("r", 4), Topic("a", 4))
    assert topics.known["sensor-suhu-alerts"] == Topic("a", 4)
    assert words == ['event="partitions added" topic=sensor-suhu-alerts partitions=4']


def test_nothing_is_created_when_it_is_not_allowed() -> None:
    topics = FakeTopics()
    with pytest.raises(Unavailable, match="there is no topic sensor-suhu on localhost:9092: create it, or allow it"):
        _ensure(topics, "--no-create-topics")
    topics.known = {"sensor-suhu": Topic("r", 4), "sensor-suhu-alerts": Topic("a", 3)}
    with pytest.raises(ConfigError, match="sensor-suhu-alerts has 3 partitions, sensor-suhu has 4; an alert goes to"):
        _ensure(topics, "--no-create-topics")


def test_a_silent_broker_is_no_missing_topic() -> None:
    topics = FakeTopics()
    topics.away = True
    with pytest.raises(KafkaUnreachable):
        _ensure(topics)
