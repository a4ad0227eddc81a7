from pathlib import Path

import pytest
from kafka import KafkaProducer

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from sandbox.records import API_VERSION, Record, read_topic

pytestmark = pytest.mark.system


def test_reads_all_partitions_from_the_beginning_in_order(kafka: Kafka) -> None:
    kafka.create_topic("records", partitions=3)
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION)
    producer.send("records", b"one", key=b"S1", partition=2, timestamp_ms=1_700_000_000_001)
    producer.send("records", b"two", key=b"S1", partition=2, timestamp_ms=1_700_000_000_000)
    producer.send("records", b"three", partition=0, timestamp_ms=1_700_000_000_002)
    producer.send("records", None, key=b"S2", partition=0, timestamp_ms=1_700_000_000_003)
    producer.close()
    assert read_topic(kafka.bootstrap_servers, "records") == [
        Record(None, b"three", 0, 0, 1_700_000_000_002),
        Record(b"S2", None, 0, 1, 1_700_000_000_003),
        Record(b"S1", b"one", 2, 0, 1_700_000_000_001),
        Record(b"S1", b"two", 2, 1, 1_700_000_000_000),
    ]


def test_reads_more_than_one_fetch_holds(kafka: Kafka) -> None:
    kafka.create_topic("many")
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers.split(","), api_version=API_VERSION)
    for number in range(3000):
        producer.send("many", b"%01000d" % number, partition=0)
    producer.close()
    assert [int(record.value or b"") for record in read_topic(kafka.bootstrap_servers, "many")] == list(range(3000))


def test_an_empty_topic_holds_nothing(kafka: Kafka) -> None:
    kafka.create_topic("empty", partitions=2)
    assert read_topic(kafka.bootstrap_servers, "empty") == []


def test_a_missing_broker_is_told() -> None:
    with pytest.raises(SandboxError, match=r"^No Kafka broker answers at 127\.0\.0\.1:1: start it first\.$"):
        read_topic("127.0.0.1:1", "records")


def test_a_broker_that_hangs_is_told(tmp_path: Path) -> None:
    with Kafka(tmp_path) as cluster:
        cluster.create_topic("hung")
        cluster.freeze()
        with pytest.raises(
            SandboxError, match=r"^hung at 127\.0\.0\.1:\d+ was not read within 0\.5 s: does it hang\?$"
        ):
            read_topic(cluster.bootstrap_servers, "hung", timeout_s=0.5)
        cluster.thaw()
        assert read_topic(cluster.bootstrap_servers, "hung") == []
