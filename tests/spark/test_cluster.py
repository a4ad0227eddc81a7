"""The same files on a Spark cluster and a Kafka cluster, which lose a worker and a broker in the middle of a stream."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer

from sandbox.kafka import Kafka
from sandbox.records import read_topic
from sandbox.spark import AlertJob
from sandbox.spark_cluster import EXECUTOR_ARGUMENTS, SparkCluster
from tests.spark.alert_process import event_ids, reading

pytestmark = pytest.mark.system

BROKERS, WORKERS, SLOTS_EACH = 3, 2, 2
PARTITIONS = 3  # more than one worker has slots for
RATE = 100  # readings a second
TIMEOUT_S = 90.0


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Three brokers; each test leaves them running."""
    with Kafka(tmp_path_factory.mktemp("brokers"), BROKERS) as made:
        yield made


@pytest.fixture(scope="module")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """A master and two workers; each test leaves them running."""
    with SparkCluster(tmp_path_factory.mktemp("workers"), WORKERS, cores=SLOTS_EACH) as made:
        yield made


def test_a_lost_worker_and_a_lost_broker_cost_no_warning_and_repeat_none(
    kafka: Kafka, spark_cluster: SparkCluster, tmp_path: Path
) -> None:
    _create(kafka, "readings", "readings-alerts")
    submitted = ["--master", spark_cluster.url, *EXECUTOR_ARGUMENTS]
    options = ["--topic", "readings", "--alerts-topic", "readings-alerts"]
    job = AlertJob(
        tmp_path, kafka.bootstrap_servers, tmp_path / "shared", arguments=options, submit_arguments=submitted
    )
    with job:
        with _stream(kafka, "readings", reading) as sent:
            job.wait_for_lines(RATE, TIMEOUT_S)
            kafka.kill(0)
            spark_cluster.kill(1)
            _wait_for_words(job, 'event="too few slots"', 1)
            _wait_for_words(job, 'event="alerts ready" mode=micro-batch', 1)  # partitions take turns on two slots
            _wait_until_warned_of(job, sent)
            kafka.restart(0)
            spark_cluster.start()
            _wait_for_words(job, 'event="alerts ready" mode=real-time', 2)
            _wait_until_warned_of(job, sent)
        _wait_until_warned_of(job, sent)
        assert job.stop() == 0
    assert Counter(event_ids(job.lines)) == Counter(f"pabrik-1/k3v9/{number}" for number in sent)
    assert [line for line in job.lines if line.endswith("(mungkin ulangan)")] == []
    alerts = read_topic(kafka.bootstrap_servers, "readings-alerts")
    written = Counter(json.loads(record.value or b"")["alert_id"] for record in alerts)
    assert len(written) == len(sent)
    assert max(written.values()) > 1  # Spark wrote alerts again: without the ledger they were printed again


def _create(kafka: Kafka, *topics: str) -> None:
    for topic in topics:
        kafka.create_topic(topic, PARTITIONS, BROKERS, {"min.insync.replicas": "2"})


@contextmanager
def _stream(kafka: Kafka, topic: str, value: Callable[[int], bytes]) -> Iterator[list[int]]:
    """Send numbered readings, RATE a second, until the context ends; yield the growing list of what was sent.

    The producer is idempotent: a broker that goes away makes it send again, and the topic holds each reading once.
    """
    sent: list[int] = []
    refused: list[object] = []
    stop = threading.Event()
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "enable.idempotence": True})

    def run() -> None:
        while not stop.wait(1 / RATE):
            number = len(sent) + 1
            producer.produce(
                topic,
                value(number),
                partition=number % PARTITIONS,
                on_delivery=lambda error, _: error and refused.append(error),
            )
            producer.poll(0)
            sent.append(number)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()
        assert producer.flush(TIMEOUT_S) == 0
        assert refused == []


def _wait_for_words(job: AlertJob, words: str, count: int) -> None:
    job.wait_until(lambda: job.log_since_start().count(words) >= count, TIMEOUT_S, f"{count} times {words}")


def _wait_until_warned_of(job: AlertJob, sent: list[int]) -> None:
    """Wait until what has been sent so far has been warned of."""
    job.wait_for_lines(len(sent), TIMEOUT_S)
