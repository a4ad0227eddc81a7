import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pyspark.sql import DataFrame, Row, SparkSession
from suhu_jobs.pipeline.statistic import FOLDED_SCHEMA, counter, statistic
from suhu_jobs.pipeline.stats import as_kafka_records, count_left_out, fold_windows
from suhu_jobs.pipeline.tally import add, begin
from suhu_jobs.pipeline.windows import Windows
from suhu_jobs.settings import PROJECT

from sandbox.waiting import wait_until

CONTRACTS = PROJECT / "contracts"
SCHEMA = Draft202012Validator(json.loads((CONTRACTS / "sensor-suhu-stats.schema.json").read_text()))
WINDOWS = Windows(threshold_celsius=80.0, lateness_ms=2000, silent_after_ms=30_000)
ACCEPTED = (
    "topic STRING, partition INT, offset LONG, sensor_id STRING, suhu DOUBLE, measured_at TIMESTAMP, source STRING, "
    "event_id STRING, replayed BOOLEAN, clock_unsynced BOOLEAN, retained BOOLEAN"
)


def _golden(name: str) -> list[str]:
    return (CONTRACTS / "golden" / name).read_text().splitlines()


def _accepted(spark: SparkSession, *points: tuple[str, float, str], unsynced: bool = False) -> DataFrame:
    """Readings of (sensor_id, °C, time of day)."""
    rows: list[tuple[Any, ...]] = []
    for number, (sensor_id, celsius, time) in enumerate(points, start=1):
        at = datetime.fromisoformat(f"2026-11-22T{time}").replace(tzinfo=UTC)
        event_id = f"pabrik-1/k3v9/{number}"
        rows.append(("t", 0, number, sensor_id, celsius, at, "serial", event_id, False, unsynced, False))
    return spark.createDataFrame(rows, ACCEPTED)


def _one_batch(readings: DataFrame, folder: Path) -> list[Row]:
    """What the first batch with these readings comes to."""
    spark = readings.sparkSession
    readings.write.parquet(str(folder / "in"))
    folded = fold_windows(spark.readStream.schema(ACCEPTED).parquet(str(folder / "in")), WINDOWS)
    batches: list[list[Row]] = []
    query = (
        folded.writeStream.foreachBatch(lambda batch, _number: batches.append(batch.collect()))
        .outputMode("update")
        .option("checkpointLocation", str(folder / "checkpoint"))
        .start()
    )
    try:
        wait_until(lambda: bool(batches), 60, "the first batch")
    finally:
        query.stop()  # it would go on for ever: a fold with timers is asked again and again
    return batches[0]


@pytest.mark.parametrize("line", _golden("sensor-suhu-stats.valid.jsonl"))
def test_the_schema_accepts_every_valid_golden_record(line: str) -> None:
    SCHEMA.validate(json.loads(line))


@pytest.mark.parametrize("line", _golden("sensor-suhu-stats.invalid.jsonl"))
def test_the_schema_refuses_every_invalid_golden_record(line: str) -> None:
    case = json.loads(line)
    assert not SCHEMA.is_valid(case["record"]), case["why"]


@pytest.mark.system
def test_readings_become_the_golden_records(stateful: SparkSession, tmp_path: Path) -> None:
    readings = _accepted(stateful, ("S1", 79.5, "03:04:00.250"), ("S1", 83.5, "03:04:01.250"))
    folded = stateful.createDataFrame(_one_batch(readings, tmp_path), FOLDED_SCHEMA)
    records = as_kafka_records(folded).collect()
    assert [bytes(record.key) for record in records] == [b"S1", b"S1"]
    assert [bytes(record.value).decode() for record in records] == _golden("sensor-suhu-stats.valid.jsonl")[:2]


def test_a_final_record_and_one_without_a_source_are_the_golden_ones(spark: SparkSession) -> None:
    tally = begin(1_795_316_640_000)
    add(tally, 79.5, 1_795_316_640_250, "serial", is_above=False)
    add(tally, 83.5, 1_795_316_641_250, "serial", is_above=True)
    plain = begin(1_709_251_140_000)
    add(plain, -273.15, 1_709_251_199_999, "", is_above=False)
    rows = [
        statistic("S1", 10, tally, 0, 80.0, final=True),
        statistic("tungku/utara #4 °", 60, plain, 3, -300.5, final=True),
    ]
    table = spark.createDataFrame([tuple(row.values()) for row in rows], FOLDED_SCHEMA)
    records = [bytes(record.value).decode() for record in as_kafka_records(table).collect()]
    assert records == _golden("sensor-suhu-stats.valid.jsonl")[2:]


def test_what_is_in_no_window_is_counted_and_not_sent(spark: SparkSession, tmp_path: Path) -> None:
    rows = [counter("S1", late=2), counter("S2", untimed=1), counter("S1", late=1)]
    spark.createDataFrame([tuple(row.values()) for row in rows], FOLDED_SCHEMA).write.parquet(str(tmp_path / "in"))
    stream = spark.readStream.schema(FOLDED_SCHEMA).parquet(str(tmp_path / "in"))
    query = (
        as_kafka_records(count_left_out(stream))
        .writeStream.format("noop")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(60)
    [progress] = query.recentProgress
    assert progress.observedMetrics["stats"].asDict() == {"late": 3, "untimed": 1}
    assert as_kafka_records(spark.read.parquet(str(tmp_path / "in"))).count() == 0


@pytest.mark.system
def test_a_reading_with_a_wrong_time_comes_out_as_a_number(stateful: SparkSession, tmp_path: Path) -> None:
    folded = _one_batch(_accepted(stateful, ("S1", 79.5, "03:04:00"), unsynced=True), tmp_path)
    assert [(row.sensor_id, row.stat_id, row.late, row.untimed) for row in folded] == [("S1", None, None, 1)]
