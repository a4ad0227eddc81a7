from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.records import API_VERSION, read_topic

pytestmark = pytest.mark.system


def produce(servers: str, topic: str, value: bytes, partition: int = 0) -> None:
    producer = KafkaProducer(
        bootstrap_servers=servers.split(","),
        api_version=API_VERSION,
        acks="all",
        retries=100,
    )
    try:
        producer.send(topic, value, partition=partition).get(timeout=60)
    finally:
        producer.close(timeout=5)


def values(cluster: Kafka, topic: str) -> list[bytes | None]:
    return [record.value for record in read_topic(cluster.bootstrap_servers, topic)]


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("trio"), brokers=3) as cluster:
        yield cluster


def test_address_and_records_are_kept_over_a_restart_and_a_kill(tmp_path: Path) -> None:
    with Kafka(tmp_path) as cluster:
        address = cluster.bootstrap_servers
        cluster.create_topic("sensor-suhu", partitions=3)
        produce(address, "sensor-suhu", b"before", partition=2)
        cluster.restart()
        produce(address, "sensor-suhu", b"after a restart", partition=2)
        cluster.kill()
        with pytest.raises(SandboxError, match=f"^No Kafka broker answers at {address}"):
            read_topic(address, "sensor-suhu")
        cluster.restart()
        produce(address, "sensor-suhu", b"after a kill", partition=2)
        assert cluster.bootstrap_servers == address
        assert values(cluster, "sensor-suhu") == [b"before", b"after a restart", b"after a kill"]


def test_a_topic_must_be_created_first(kafka: Kafka) -> None:
    producer = KafkaProducer(
        bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION, max_block_ms=500
    )
    with pytest.raises(KafkaError):
        producer.send("sensor-shuu", b"misspelt").get(timeout=30)
    producer.close()
    with pytest.raises(SandboxError, match=r"^There is no topic sensor-shuu: create it first"):
        read_topic(kafka.bootstrap_servers, "sensor-shuu")


def test_a_topic_cannot_be_created_twice(kafka: Kafka) -> None:
    kafka.create_topic("twice")
    with pytest.raises(SandboxError, match=r"^Kafka did not create topic twice: .*already exists"):
        kafka.create_topic("twice")


def test_topic_settings_are_obeyed(kafka: Kafka) -> None:
    kafka.create_topic("small", config={"max.message.bytes": "100"})
    with pytest.raises(KafkaError, match="MessageSizeTooLarge"):
        produce(kafka.bootstrap_servers, "small", b"x" * 1000)


def test_a_broker_that_cannot_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    cluster = Kafka(tmp_path)
    with cluster:
        pass
    (tmp_path / "kafka-0" / "data" / "meta.properties").write_text("version=9\n")
    with pytest.raises(SandboxError, match=r"kafka-0: it ended with exit code 1 before .*(?s:.*)version"):
        cluster.start()


def leader(cluster: Kafka, topic: str) -> int:
    admin = KafkaAdminClient(bootstrap_servers=cluster.bootstrap_servers.split(","), api_version=API_VERSION)
    try:
        return int(admin.describe_topics([topic])[0]["partitions"][0]["leader"])
    finally:
        admin.close()


def test_three_brokers_outlive_a_leader_that_is_killed_and_take_it_back(trio: Kafka) -> None:
    trio.create_topic("kept", replication=3, config={"min.insync.replicas": "2"})
    produce(trio.bootstrap_servers, "kept", b"by three")
    killed = leader(trio, "kept")
    trio.kill(killed)
    produce(trio.bootstrap_servers, "kept", b"by two")
    trio.restart(killed)
    assert values(trio, "kept") == [b"by three", b"by two"]


def test_three_brokers_outlive_a_follower_that_hangs(trio: Kafka) -> None:
    trio.create_topic("hung", replication=3, config={"min.insync.replicas": "2"})
    frozen = (leader(trio, "hung") + 1) % 3
    awake = [address for index, address in enumerate(trio.bootstrap_servers.split(",")) if index != frozen]
    trio.freeze(frozen)
    try:
        produce(",".join(awake), "hung", b"by two")
    finally:
        trio.thaw(frozen)
    assert values(trio, "hung") == [b"by two"]
