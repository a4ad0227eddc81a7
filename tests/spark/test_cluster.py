"""The same files on a Spark cluster and a Kafka cluster, which lose a worker and a broker in the middle of a stream."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from pyarrow.parquet import ParquetFile
from suhu_jobs.history.names import PATHS, covered, parse_path
from suhu_jobs.pipeline.settings import QUERY_NAMES

from sandbox.kafka import Kafka
from sandbox.process import Child
from sandbox.records import read_topic
from sandbox.spark import AlertJob, PipelineJob
from sandbox.spark_cluster import EXECUTOR_ARGUMENTS, SparkCluster
from tests.spark.alert_process import event_ids, reading

pytestmark = pytest.mark.system

BROKERS, WORKERS, SLOTS_EACH = 3, 2, 2
PARTITIONS = 3  # more than one worker has slots for
RATE, SLOW_RATE = 100, 40  # readings a second; the pipeline's queries are five, on as many cores
TIMEOUT_S = 240.0
ASK_S = 0.5  # each question reads a topic from its beginning


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
        with _stream(kafka, "readings", lambda number: ("S1", reading(number)), RATE) as sent:
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


def _fields(value: bytes | None) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(value or b"")
    return fields


# By which a reader of each topic keeps one of each.
IDS: Mapping[str, Callable[[dict[str, Any]], str]] = {
    "rejected": lambda fields: f"{fields['origin']['partition']}/{fields['origin']['offset']}",
    "enriched": lambda fields: str(fields["reading_id"]),
    "incidents": lambda fields: str(fields["record_id"]),
    "stats": lambda fields: f"{fields['stat_id']}/{fields['revision']}",
}


class Plant:
    """Three machines, one of them always too hot, in a time of their own; every tenth record is no reading."""

    def __init__(self, kafka: Kafka, topic: str, history: Path) -> None:
        self._kafka = kafka
        self._topic = topic
        self._history = history

    @staticmethod
    def record(number: int) -> tuple[str, bytes]:
        """Key and value."""
        if number % 10 == 0:
            return "machine 0", b"broken %d" % number
        moment = f"2026-11-22T03:{number // 600:02}:{number // 10 % 60:02}.{number % 10}00Z"
        machine = number % 3
        sensor_id = f"machine {machine}"
        return sensor_id, reading(number, 91.5 if machine == 0 else 60.0, sensor_id, moment)

    @staticmethod
    def readings(sent: list[int]) -> list[str]:
        return [f"pabrik-1/k3v9/{number}" for number in sent if number % 10]

    @staticmethod
    def broken(sent: list[int]) -> list[bytes]:
        return [b"broken %d" % number for number in sent if number % 10 == 0]

    def written(self, query: str) -> list[dict[str, Any]]:
        """One record of each id; records of one id are the same to the last byte."""
        by_id: dict[str, bytes | None] = {}
        for record in read_topic(self._kafka.bootstrap_servers, f"{self._topic}-{query}"):
            assert by_id.setdefault(IDS[query](_fields(record.value)), record.value) == record.value
        return [_fields(value) for value in by_id.values()]

    def kept(self) -> list[str]:
        """The event_id of each row of the history; none while files are being merged."""
        paths = [path.relative_to(self._history).as_posix() for path in self._history.glob(PATHS)]
        files = [file for file in map(parse_path, paths) if file is not None]
        repeated = covered(files)
        try:
            tables = [
                ParquetFile(self._history / file.path).read(["event_id"]) for file in files if file not in repeated
            ]
        except FileNotFoundError:
            return []
        return [str(row["event_id"]) for table in tables for row in table.to_pylist()]

    def is_done(self, query: str, sent: list[int]) -> bool:
        """Whether a query has said of all that was sent until now what it has to say."""
        if query == "history":
            return sorted(self.kept()) == sorted(self.readings(sent))
        written = self.written(query)
        match query:
            case "rejected":
                return sorted(base64.b64decode(one["raw"]) for one in written) == sorted(self.broken(sent))
            case "enriched":
                return sorted(one["event_id"] for one in written) == sorted(self.readings(sent))
            case "incidents":
                began = [one for one in written if (one["kind"], one["phase"]) == ("overheating", "began")]
                return [one["sensor_id"] for one in began] == ["machine 0"]
            case "stats":
                newest = {one["stat_id"]: one for one in sorted(written, key=lambda one: int(one["revision"]))}
                counts = [one["count"] for one in newest.values() if one["window_s"] == 10]
                return sum(counts) == len(self.readings(sent))
        raise AssertionError(f"how is {query} held against what was sent?")


def test_a_lost_worker_and_a_lost_broker_take_nothing_from_the_pipeline_and_double_nothing(
    kafka: Kafka, spark_cluster: SparkCluster, tmp_path: Path
) -> None:
    _create(kafka, "plant", *(f"plant-{query}" for query in IDS))
    plant = Plant(kafka, "plant", tmp_path / "history")
    job = PipelineJob(
        tmp_path,
        kafka.bootstrap_servers,
        tmp_path / "shared",
        arguments=["--topic", "plant", "--history", str(tmp_path / "history")],
        submit_arguments=["--master", spark_cluster.url, *EXECUTOR_ARGUMENTS],
    )
    with job:
        with _stream(kafka, "plant", plant.record, SLOW_RATE) as sent:
            _wait_for_more(job, plant)
            kafka.kill(0)
            spark_cluster.kill(1)
            _wait_for_more(job, plant)
            kafka.restart(0)
            spark_cluster.start()
            _wait_for_more(job, plant)
        for query in QUERY_NAMES:
            job.wait_until(partial(plant.is_done, query, sent), TIMEOUT_S, f"the rest of {query}", poll_s=ASK_S)
        assert job.stop() == 0
    for query in QUERY_NAMES:
        assert plant.is_done(query, sent), query  # also after what the last batches wrote
    shipped = next((spark_cluster.work_dir / "spark-worker-0").glob("app-*/*/suhu_jobs.zip"))
    _import_from(shipped, "suhu_jobs.pipeline.per_sensor")


def _wait_for_more(job: Child, plant: Plant) -> None:
    """Wait until the pipeline has written about readings that were sent after this moment."""
    known = len(plant.written("enriched"))
    job.wait_until(lambda: len(plant.written("enriched")) > known + SLOW_RATE, TIMEOUT_S, "more readings", poll_s=ASK_S)


def _import_from(archive: Path, module: str) -> None:
    """See that what the workers are sent is complete, with nothing of this project beside it."""
    command = [sys.executable, "-P", "-c", f"import {module}; print({module}.__file__)"]
    found = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(archive)}, cwd="/", capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(str(archive))


def _create(kafka: Kafka, *topics: str) -> None:
    for topic in topics:
        kafka.create_topic(topic, PARTITIONS, BROKERS, {"min.insync.replicas": "2"})


@contextmanager
def _stream(kafka: Kafka, topic: str, record: Callable[[int], tuple[str, bytes]], rate: float) -> Iterator[list[int]]:
    """Send numbered readings, `rate` a second, until the context ends; yield the growing list of what was sent.

    The producer is idempotent: a broker that goes away makes it send again, and the topic holds each reading once.
    """
    sent: list[int] = []
    refused: list[object] = []
    stop = threading.Event()
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "enable.idempotence": True})

    def run() -> None:
        while not stop.wait(1 / rate):
            number = len(sent) + 1
            key, value = record(number)
            producer.produce(
                topic,
                value,
                key,
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
