import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark import cloudpickle
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.tws_tester import TwsTester
from suhu_jobs.pipeline.folding import Emit, Reading, State
from suhu_jobs.pipeline.per_sensor import PerSensor, fold_stream

from sandbox.waiting import wait_until

ACCEPTED = (
    "topic STRING, partition INT, offset LONG, sensor_id STRING, suhu DOUBLE, measured_at TIMESTAMP, source STRING, "
    "event_id STRING, replayed BOOLEAN, clock_unsynced BOOLEAN, retained BOOLEAN"
)
TALLY = "sensor_id STRING, what STRING, total LONG, origin STRING"


class Tally:
    """Counts the readings of a sensor, and says so again when there was none for a while."""

    def __init__(self, patience_ms: int | None = 30_000) -> None:
        self._patience_ms = patience_ms

    def start(self) -> State:
        return {"sensor_id": "", "total": 0}

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        state["sensor_id"] = reading.sensor_id
        state["total"] += 1
        emit({**state, "what": "reading", "origin": reading.origin})

    def settle(self, state: State, emit: Emit) -> None:
        """Nothing more to say."""

    def due_ms(self, state: State, now_ms: int) -> int | None:
        return None if self._patience_ms is None or state["total"] >= 100 else now_ms + self._patience_ms

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        emit({**state, "what": "quiet", "origin": str(now_ms)})
        state["total"] += 100


cloudpickle.register_pickle_by_value(sys.modules[__name__])  # Spark's workers cannot import a test


NOW_MS = 1_800_000_000_000


def _row(sequence: int, offset: int | None = None, partition: int = 0, **other: Any) -> Row:
    plain = {"topic": "t", "partition": partition, "offset": sequence if offset is None else offset, "sensor_id": "S1"}
    reading = {"suhu": 20.0, "measured_at_ms": NOW_MS + sequence, "source": "serial", "event_id": f"g/aaaa/{sequence}"}
    return Row(**{**plain, **reading, "replayed": False, "clock_unsynced": False, "retained": False, **other})


def _tester(fold: Tally) -> TwsTester:
    return TwsTester(PerSensor(fold), timeMode="ProcessingTime")


def _saved(tester: TwsTester) -> dict[str, Any]:
    value = tester.peekValueState("sensor", "S1")
    assert value is not None
    saved: dict[str, Any] = json.loads(value[0])
    return saved


def test_rows_of_a_batch_are_folded_in_the_order_of_the_topic_whatever_order_they_come_in() -> None:
    out = _tester(Tally()).test("S1", [_row(3), _row(9, 2, partition=1), _row(1), _row(2)])
    assert [(row.total, row.origin) for row in out] == [(1, "t/0/1"), (2, "t/0/2"), (3, "t/0/3"), (4, "t/1/2")]


def test_a_resend_does_not_reach_the_fold_in_this_batch_or_a_later_one() -> None:
    tester = _tester(Tally())
    assert [row.origin for row in tester.test("S1", [_row(1), _row(2), _row(1, 7)])] == ["t/0/1", "t/0/2"]
    assert [row.origin for row in tester.test("S1", [_row(2, 8), _row(3, 9)])] == ["t/0/9"]


def test_a_batch_is_settled_after_its_readings_if_one_of_them_was_new() -> None:
    class Settling(Tally):
        def settle(self, state: State, emit: Emit) -> None:
            emit({**state, "what": "settled", "origin": ""})

    tester = _tester(Settling())
    out = tester.test("S1", [_row(1), _row(2)])
    assert [(row.what, row.total) for row in out] == [("reading", 1), ("reading", 2), ("settled", 2)]
    assert tester.test("S1", [_row(2, 8)]) == []


def test_the_fold_gets_every_field_of_the_reading() -> None:
    got: list[Reading] = []

    class Keeping(Tally):
        def reading(self, state: State, reading: Reading, emit: Emit) -> None:
            got.append(reading)

    _tester(Keeping()).test("S1", [_row(5, 6, 2, suhu=83.4, source=None, replayed=None, clock_unsynced=True)])
    assert got == [
        Reading(
            sensor_id="S1",
            celsius=83.4,
            measured_at_ms=1_800_000_000_005,
            source=None,
            event_id="g/aaaa/5",
            origin="t/2/6",
            replayed=False,
            clock_unsynced=True,
            retained=False,
        )
    ]


def test_the_timer_is_called_when_nothing_came_for_as_long_as_the_fold_asked() -> None:
    tester = _tester(Tally())
    tester.setProcessingTime(1_000)
    tester.test("S1", [_row(1)])
    assert tester.setProcessingTime(30_999) == []
    assert [(row.what, row.origin) for row in tester.setProcessingTime(31_000)] == [("quiet", "31000")]
    assert tester.setProcessingTime(99_000) == []  # the fold wanted none any more


def test_a_reading_moves_the_timer_and_a_resend_does_not() -> None:
    tester = _tester(Tally())
    tester.setProcessingTime(1_000)
    tester.test("S1", [_row(1)])
    tester.setProcessingTime(20_000)
    tester.test("S1", [_row(2)])
    tester.setProcessingTime(25_000)
    tester.test("S1", [_row(2, 77)])
    assert tester.setProcessingTime(49_999) == []
    assert [row.what for row in tester.setProcessingTime(50_000)] == ["quiet"]


@pytest.mark.parametrize(("late_ms", "called"), [(0, True), (10_000, True), (10_001, False), (86_400_000, False)])
def test_a_timer_that_is_long_overdue_is_asked_for_anew(late_ms: int, called: bool) -> None:
    tester = _tester(Tally())
    tester.test("S1", [_row(1)])
    assert [row.what for row in tester.setProcessingTime(30_000 + late_ms)] == (["quiet"] if called else [])
    if not called:
        assert tester.setProcessingTime(30_000 + late_ms + 29_999) == []
        assert [row.what for row in tester.setProcessingTime(30_000 + late_ms + 30_000)] == ["quiet"]


def test_a_due_time_that_comes_nearer_replaces_the_timer() -> None:
    tester = _tester(Tally(30_000))
    tester.test("S1", [_row(1)])
    tester.processor._fold = Tally(5_000)  # type: ignore[attr-defined]  # as if the job ran with another setting
    tester.setProcessingTime(1_000)
    tester.test("S1", [_row(2)])
    assert (_saved(tester)["due_ms"], _saved(tester)["timer_ms"]) == (6_000, 6_000)
    assert [row.what for row in tester.setProcessingTime(6_000)] == ["quiet"]
    assert tester.setProcessingTime(30_000) == []


def test_the_state_is_json_that_may_gain_fields() -> None:
    tester = _tester(Tally(None))
    tester.test("S1", [_row(1)])
    saved = _saved(tester)
    assert saved == {
        "state": {"sensor_id": "S1", "total": 1},
        "seen": {"0/g/aaaa": [1, 1_800_000_000_001]},
        "due_ms": None,
        "timer_ms": None,
    }
    saved["state"]["added"] = "later"
    tester.updateValueState("sensor", "S1", (json.dumps(saved),))
    assert [row.total for row in tester.test("S1", [_row(2)])] == [2]
    assert _saved(tester)["state"]["added"] == "later"


def _accepted(*rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """(sensor, sequence, retained) as the accepted readings of the pipeline."""
    at = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
    return [("t", 0, seq, sensor, 20.0, at, "mqtt", f"g/aaaa/{seq}", None, None, kept) for sensor, seq, kept in rows]


@contextmanager
def _running(
    folded: Callable[[DataFrame], DataFrame], spark: SparkSession, folder: Path, **trigger: Any
) -> Iterator[StreamingQuery]:
    """A query over the files of `in`, into a table in memory; its checkpoint lasts over runs."""
    stream = folded(spark.readStream.schema(ACCEPTED).parquet(str(folder / "in")))
    writer = stream.writeStream.foreachBatch(
        lambda batch, number: batch.write.mode("overwrite").json(str(folder / "out" / str(number)))
    )
    query = writer.outputMode("update").option("checkpointLocation", str(folder / "cp")).trigger(**trigger).start()
    try:
        yield query
    finally:
        query.stop()


def _records(folder: Path) -> list[tuple[str, str, int]]:
    lines = [line for file in (folder / "out").glob("*/*.json") for line in file.read_text().splitlines()]
    return sorted((record["sensor_id"], record["what"], record["total"]) for record in map(json.loads, lines))


@pytest.mark.system
def test_on_a_stream_state_and_resends_are_remembered_over_a_restart(stateful: SparkSession, tmp_path: Path) -> None:
    first = _accepted(("S1", 1, None), ("S2", 2, False), ("S1", 3, True), ("S1", 4, False))
    second = _accepted(("S1", 4, False), ("S1", 5, False), ("S2", 2, False), ("S3", 6, None))
    for rows in (first, second):
        stateful.createDataFrame(rows, ACCEPTED).coalesce(1).write.mode("append").parquet(str(tmp_path / "in"))
        with _running(_without_timers, stateful, tmp_path, availableNow=True) as query:
            assert query.awaitTermination(60)
    assert _records(tmp_path) == [
        ("S1", "reading", 1),
        ("S1", "reading", 2),
        ("S1", "reading", 3),
        ("S2", "reading", 1),
        ("S3", "reading", 1),
    ]


@pytest.mark.system
def test_a_batch_that_was_not_committed_writes_the_same_again(stateful: SparkSession, tmp_path: Path) -> None:
    stateful.createDataFrame(_accepted(("S1", 1, False)), ACCEPTED).write.parquet(str(tmp_path / "in"))
    with _running(_without_timers, stateful, tmp_path, availableNow=True) as query:
        assert query.awaitTermination(60)
    written = [file.read_bytes() for file in (tmp_path / "out").glob("0/*.json")]
    _forget(tmp_path / "cp" / "commits", 0)  # as a kill between output and commit leaves it
    shutil.rmtree(tmp_path / "out")
    with _running(_without_timers, stateful, tmp_path, availableNow=True) as query:
        assert query.awaitTermination(60)
    assert written != []
    assert [file.read_bytes() for file in (tmp_path / "out").glob("0/*.json")] == written


@pytest.mark.system
def test_on_a_stream_the_timer_comes_without_new_readings(stateful: SparkSession, tmp_path: Path) -> None:
    stateful.createDataFrame(_accepted(("S1", 1, False), ("S2", 2, False)), ACCEPTED).write.parquet(
        str(tmp_path / "in")
    )
    with _running(_with_timers, stateful, tmp_path, processingTime="100 milliseconds"):
        wait_until(lambda: len(_records(tmp_path)) == 4, 60, "two readings and two timers")
    assert _records(tmp_path) == [("S1", "quiet", 1), ("S1", "reading", 1), ("S2", "quiet", 1), ("S2", "reading", 1)]


@pytest.mark.system
def test_a_timer_of_a_batch_that_was_not_committed_rings_at_the_same_time_again(
    stateful: SparkSession, tmp_path: Path
) -> None:
    stateful.createDataFrame(_accepted(("S1", 1, False)), ACCEPTED).write.parquet(str(tmp_path / "in"))
    with _running(_with_timers, stateful, tmp_path, processingTime="100 milliseconds"):
        wait_until(lambda: len(_records(tmp_path)) == 2, 60, "a reading and a timer")
    [rang] = [file for file in (tmp_path / "out").glob("*/*.json") if b"quiet" in file.read_bytes()]
    batch, written = int(rang.parent.name), rang.read_bytes()
    _forget(tmp_path / "cp" / "offsets", batch + 1)
    _forget(tmp_path / "cp" / "commits", batch)
    shutil.rmtree(tmp_path / "out")
    with _running(_with_timers, stateful, tmp_path, processingTime="100 milliseconds"):
        wait_until(lambda: len(_records(tmp_path)) == 1, 60, "the timer again")
    [again] = [file for file in (tmp_path / "out").glob("*/*.json") if file.read_bytes()]
    assert (int(again.parent.name), again.read_bytes()) == (batch, written)


def _forget(log: Path, first: int) -> None:
    """Take batches out of a log of the checkpoint, as if the job had been killed before them."""
    for file in log.iterdir():
        batch, *_ = file.name.strip(".").split(".")  # `.2.crc` and `2.<uuid>.tmp`, a write that was cut off, too
        if int(batch) >= first:
            file.unlink()


def _without_timers(accepted: DataFrame) -> DataFrame:
    return fold_stream(accepted, Tally(None), TALLY, timers=False)


def _with_timers(accepted: DataFrame) -> DataFrame:
    return fold_stream(accepted, Tally(500), TALLY)


@pytest.mark.system
def test_on_a_table_the_same_fold_runs_without_a_stream(stateful: SparkSession) -> None:
    rows = _accepted(("S1", 2, False), ("S1", 1, True), ("S2", 3, None), ("S1", 2, False))
    table = stateful.createDataFrame(rows, ACCEPTED)
    plain = fold_stream(table, Tally(None), TALLY, timers=False).collect()
    assert sorted((row.sensor_id, row.origin) for row in plain) == [("S1", "t/0/2"), ("S2", "t/0/3")]
    kept = fold_stream(table, Tally(None), TALLY, timers=False, keep_retained=True).collect()
    assert sorted((row.sensor_id, row.origin) for row in kept) == [("S1", "t/0/1"), ("S1", "t/0/2"), ("S2", "t/0/3")]
