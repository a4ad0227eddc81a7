"""The history query as a process on a real broker, killed at random moments."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from pyspark.sql import SparkSession

from sandbox.kafka import Kafka
from sandbox.records import read_topic
from tests.spark.history.pipeline_process import READY_TIMEOUT_S, HistoryProcess, Plant

pytestmark = pytest.mark.system

KILLS = 4
Origin = tuple[int, int]  # partition and offset


@pytest.fixture
def plant(kafka: Kafka, tmp_path: Path) -> Iterator[Plant]:
    topic = f"history-{tmp_path.name}"
    kafka.create_topic(topic, 3)
    sender = Plant(kafka, topic)
    yield sender
    sender.close()


def test_after_kills_every_reading_is_there_once(kafka: Kafka, plant: Plant, tmp_path: Path) -> None:
    chance = random.Random(44)
    with HistoryProcess(kafka, tmp_path, plant.topic, "--trigger-s", "0.2") as job:
        for _ in range(KILLS):
            for _ in range(chance.randint(1, 6)):
                before = job.files()
                plant.send(30)
                job.wait_for_change(before)  # also in the middle of a batch, whose files come one by one
            job.kill()
            job.start()
        plant.send(30)
        job.wait_until(lambda: {e for e, _ in _rows(job.files())} == plant.event_ids, READY_TIMEOUT_S, "every reading")
        assert job.stop() == 0
    assert doubled_or_lost(job.files(), _topic(kafka, plant)) == ([], [])


def test_another_checkpoint_for_this_history_is_refused_with_words(kafka: Kafka, plant: Plant, tmp_path: Path) -> None:
    plant.send(30)
    with HistoryProcess(kafka, tmp_path, plant.topic) as job:
        job.wait_for_change([])
        job.stop()
        before = _rows(job.files())
    with HistoryProcess(kafka, tmp_path, plant.topic, checkpoint="another") as job:
        job.wait_for_line('event="query failed" query=history reason="the history in file:', READY_TIMEOUT_S)
        job.stop()
        assert "belongs to another checkpoint" in job.log.read_text()
        assert _rows(job.files()) == before


def test_the_check_sees_what_a_plain_append_does_when_a_batch_runs_again(
    spark: SparkSession, kafka: Kafka, plant: Plant, tmp_path: Path
) -> None:
    """Negative control: the same check, and a writer that does not think of kills."""
    plant.send(30)
    topic = _topic(kafka, plant)
    rows = [("S1", event_id, partition, offset) for event_id, (partition, offset) in topic.items()]
    batch = spark.createDataFrame(rows, "day STRING, event_id STRING, partition INT, offset LONG")
    for _ in range(2):  # killed after it had written, before Spark knew
        batch.write.partitionBy("day").mode("append").parquet(str(tmp_path / "history"))
    files = sorted((tmp_path / "history").glob("day=*/*.parquet"))
    assert doubled_or_lost(files, topic) == (sorted(plant.event_ids), [])
    files[0].unlink()
    files[1].unlink()
    assert doubled_or_lost(files[2:], topic)[1] != []


def doubled_or_lost(files: list[Path], topic: dict[str, Origin]) -> tuple[list[str], list[str]]:
    """Hold what a plain glob finds against the topic, of which each event_id counts where it stands first."""
    counts = Counter(_rows(files))
    doubled = [event_id for (event_id, _), count in counts.items() if count > 1]
    strangers = [event_id for event_id, origin in counts if topic.get(event_id) != origin]
    return sorted({*doubled, *strangers}), sorted(topic.keys() - {event_id for event_id, _ in counts})


def _topic(kafka: Kafka, plant: Plant) -> dict[str, Origin]:
    first: dict[str, Origin] = {}
    for record in read_topic(kafka.bootstrap_servers, plant.topic):
        event_id = plant.event_id(record.value)
        first.setdefault(event_id, (record.partition, record.offset))
    return first


def _rows(files: list[Path]) -> list[tuple[str, Origin]]:
    rows = []
    for file in files:
        try:
            table = pyarrow.parquet.ParquetFile(file).read(columns=["event_id", "partition", "offset"]).to_pylist()
        except FileNotFoundError:  # merged in the meantime
            continue
        rows += [(row["event_id"], (row["partition"], row["offset"])) for row in table]
    return rows
