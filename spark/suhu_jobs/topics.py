from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import is_instance_of  # type: ignore[import-untyped]  # ships no types

from suhu_jobs.errors import KafkaUnreachable, Unavailable
from suhu_jobs.jvm import JavaError, Jvm, cause
from suhu_jobs.kafka_config import KafkaConfig

CALL_TIMEOUT_MS = 3_000  # a signal is noticed between two calls
RETRIABLE = "org.apache.kafka.common.errors.RetriableException"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as the brokers know it."""

    topic_id: str  # given at creation: another topic of the same name has another one
    partitions: int


class Topics:
    """Questions to the brokers about topics, asked through Kafka's own admin client in the JVM.

    kafka-python-ng cannot tell a topic's id, and without it a topic that was deleted and created again goes unnoticed.
    Every method may raise KafkaUnreachable, and Unavailable when the brokers answer with a refusal.
    """

    def __init__(self, jvm: Jvm, bootstrap_servers: str, kafka: KafkaConfig | None = None) -> None:
        self._gateway = jvm.gateway
        self._java = jvm.java
        self._kafka = jvm.java.org.apache.kafka
        self._servers = bootstrap_servers
        self._let_in = {} if kafka is None else kafka.lines
        self._admin: Any = None

    def describe(self, name: str) -> Topic | None:
        """Look a topic up; None if there is none of that name."""
        futures = self._client().describeTopics(self._list([name])).topicNameValues()
        try:
            description = self._result(futures.get(name))
        except _NoSuchTopic:
            return None
        return Topic(description.topicId().toString(), description.partitions().size())

    def create(self, name: str, partitions: int) -> None:
        """Create a topic, replicated as the brokers do by default; one that is there already is left alone."""
        optional = self._java.java.util.Optional
        topic = self._kafka.clients.admin.NewTopic(name, optional.of(partitions), optional.empty())
        self._result(self._client().createTopics(self._list([topic])).all(), ignore="TopicExistsException")

    def grow(self, name: str, partitions: int) -> None:
        """Add partitions until there are so many."""
        wanted = self._java.java.util.HashMap()
        wanted.put(name, self._kafka.clients.admin.NewPartitions.increaseTo(partitions))
        self._result(self._client().createPartitions(wanted).all())

    def first_offsets(self, name: str, partitions: int) -> dict[int, int]:
        """Ask for the oldest offset each partition still holds."""
        return self._offsets(name, partitions, self._kafka.clients.admin.OffsetSpec.earliest())

    def next_offsets(self, name: str, partitions: int) -> dict[int, int]:
        """Ask for the offset that each partition's next record will get."""
        return self._offsets(name, partitions, self._kafka.clients.admin.OffsetSpec.latest())

    def close(self) -> None:
        """Let go of the connections."""
        if self._admin is not None:
            self._admin.close(self._java.java.time.Duration.ofMillis(0))
            self._admin = None

    def _offsets(self, name: str, partitions: int, spec: Any) -> dict[int, int]:
        asked = {number: self._kafka.common.TopicPartition(name, number) for number in range(partitions)}
        specs = self._java.java.util.HashMap()
        for partition in asked.values():
            specs.put(partition, spec)
        try:
            found = self._result(self._client().listOffsets(specs).all())
        except _NoSuchTopic as exc:  # just created, or just deleted
            raise KafkaUnreachable(f"{name}: {exc}") from exc
        return {number: int(found.get(partition).offset()) for number, partition in asked.items()}

    def _client(self) -> Any:
        if self._admin is None:
            properties = self._java.java.util.Properties()
            for key, value in self._settings().items():
                properties.put(key, value)
            try:
                self._admin = self._kafka.clients.admin.AdminClient.create(properties)
            except JavaError as exc:  # no host name could be resolved
                raise KafkaUnreachable(cause(exc)) from exc
        return self._admin

    def _settings(self) -> Mapping[str, str]:
        return {
            **self._let_in,
            "bootstrap.servers": self._servers,
            "client.id": "suhu-alerts-admin",
            "default.api.timeout.ms": str(CALL_TIMEOUT_MS),
            "request.timeout.ms": str(CALL_TIMEOUT_MS - 500),
            "reconnect.backoff.max.ms": "1000",
        }

    def _list(self, items: Sequence[Any]) -> Any:
        java_list = self._java.java.util.ArrayList()
        for item in items:
            java_list.add(item)
        return java_list

    def _result(self, future: Any, *, ignore: str = "") -> Any:
        try:
            return future.get()
        except JavaError as exc:
            refusal = exc.java_exception.getCause() or exc.java_exception
            kind = refusal.getClass().getSimpleName()
            if kind == ignore:
                return None
            if kind == "UnknownTopicOrPartitionException":
                raise _NoSuchTopic(cause(exc)) from exc
            if is_instance_of(self._gateway, refusal, RETRIABLE):
                raise KafkaUnreachable(cause(exc)) from exc
            raise Unavailable(f"Kafka refused what the job needs: {cause(exc)}") from exc


class _NoSuchTopic(Exception):
    pass
