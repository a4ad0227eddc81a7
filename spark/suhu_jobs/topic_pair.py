import time
from dataclasses import dataclass

from suhu_jobs.errors import ConfigError, KafkaUnreachable, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.settings import AlertSettings
from suhu_jobs.topics import Topic, Topics

CREATION_S = 10.0  # how long a cluster may take to tell all its brokers of a new topic


@dataclass(frozen=True, slots=True)
class TopicPair:
    """The two topics of the job, both there and fit for each other."""

    readings: Topic
    alerts: Topic  # has every partition number that readings has


def ensure_topics(topics: Topics, settings: AlertSettings, log: EventLog) -> TopicPair:
    """Look both topics up; create what is missing, and add what is missing of the alerts topic, if that is allowed.

    Raises:
        KafkaUnreachable: no broker answered.
        Unavailable: a topic is missing and may not be created.
        ConfigError: the alerts topic has too few partitions and may not be changed.
    """
    servers, create = settings.bootstrap_servers, settings.create_topics
    readings = ensure_topic(topics, servers, settings.topic, settings.partitions, log, create=create)
    alerts = ensure_topic(topics, servers, settings.alerts_topic, readings.partitions, log, create=create)
    if alerts.partitions >= readings.partitions:
        return TopicPair(readings, alerts)
    if not settings.create_topics:
        raise ConfigError(
            f"{settings.alerts_topic} has {alerts.partitions} partitions, {settings.topic} has {readings.partitions}; "
            "an alert goes to its reading's partition: add some, or allow it with --create-topics"
        )
    topics.grow(settings.alerts_topic, readings.partitions)
    log("partitions added", topic=settings.alerts_topic, partitions=readings.partitions)
    return TopicPair(readings, Topic(alerts.topic_id, readings.partitions))


def ensure_topic(topics: Topics, servers: str, name: str, partitions: int, log: EventLog, *, create: bool) -> Topic:
    """Look a topic up; if it is missing, create it with so many partitions, where that is allowed.

    Raises:
        KafkaUnreachable: no broker answered.
        Unavailable: it is missing and may not be created.
    """
    found = topics.describe(name)
    if found is not None:
        return found
    if not create:
        raise Unavailable(f"there is no topic {name} on {servers}: create it, or allow it with --create-topics")
    topics.create(name, partitions)
    log("topic created", topic=name, partitions=partitions)
    return _created(topics, name)


def _created(topics: Topics, name: str) -> Topic:
    """Look a new topic up, until the broker that is asked has heard of it."""
    deadline = time.monotonic() + CREATION_S
    while time.monotonic() < deadline:
        found = topics.describe(name)
        if found is not None:
            return found
        time.sleep(0.05)
    raise KafkaUnreachable(f"the topic {name} was created, but the brokers do not know of it")
