"""The writer on small static batches. Deaths at every step are exceptions that nobody catches, then a new writer."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any

import pyarrow.parquet
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation
from suhu_jobs.errors import ConfigError, StorageError
from suhu_jobs.events import EventLog
from suhu_jobs.history import merging
from suhu_jobs.history.reading import files_of
from suhu_jobs.history.storage import Storage
from suhu_jobs.history.writer import HistoryWriter
from suhu_jobs.schema import HISTORY_SCHEMA

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUERY_ID = "1afa4814-f4cc-479b-bec7-abab3fb9d028"
OTHER_ID = "99999999-f4cc-479b-bec7-abab3fb9d028"


class Death(BaseException):
    """The process ends here."""


@pytest.fixture
def as_query(spark: SparkSession) -> Iterator[Callable[[str], None]]:
    def set_id(query_id: str) -> None:
        spark.sparkContext.setLocalProperty("sql.streaming.queryId", query_id)

    set_id(QUERY_ID)
    yield set_id
    spark.sparkContext.setLocalProperty("sql.streaming.queryId", None)  # type: ignore[arg-type]  # None unsets it


def batch(spark: SparkSession, number: int, days: int = 1, rows: int = 2) -> DataFrame:
    """The readings with the offsets that batch `number` has, spread over some days up to today."""
    readings = [
        (
            f"S{row % 2 + 1}",
            80.5 + row,
            NOON - timedelta(days=row % days, milliseconds=number),
            "simulator",
            f"pabrik-1/k3v9/{number * rows + row + 1}",
            False,
            False,
            False,
            "sensor-suhu",
            0,
            number * rows + row,
        )
        for row in range(rows)
    ]
    return spark.createDataFrame(readings, HISTORY_SCHEMA)


def writer(
    place: Path,
    before_change: Callable[[str], object] = str,
    *,
    at: datetime = NOON,
    log: Callable[[str], object] = str,
) -> HistoryWriter:
    return HistoryWriter(str(place), EventLog(log), lambda: int(at.timestamp() * 1000), before_change)


def offsets(place: Path) -> list[int]:
    """What a reader who knows nothing of names finds."""
    paths = [str(path) for path in place.glob("day=*/*.parquet")]
    return sorted(offset for path in paths for offset in pyarrow.parquet.read_table(path)["offset"].to_pylist())


def names(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.glob("day=*/*.parquet"))


def test_a_batch_is_a_file_for_each_of_its_days(spark: SparkSession, tmp_path: Path, as_query: Any) -> None:
    writer(tmp_path)(batch(spark, 0, days=2, rows=4), 0)
    assert names(tmp_path) == [
        "day=2026-11-21/t0-0000000000-0000000000-1afa4814.parquet",
        "day=2026-11-22/t0-0000000000-0000000000-1afa4814.parquet",
    ]
    table = pyarrow.parquet.read_table(tmp_path / names(tmp_path)[0], partitioning=None)
    assert [(f.name, str(f.type)) for f in table.schema] == [
        ("sensor_id", "string"),
        ("suhu", "double"),
        ("measured_at", "timestamp[ms, tz=UTC]"),
        ("source", "string"),
        ("event_id", "string"),
        ("replayed", "bool"),
        ("clock_unsynced", "bool"),
        ("retained", "bool"),
        ("topic", "string"),
        ("partition", "int32"),
        ("offset", "int64"),
    ]
    assert table["measured_at"][0].as_py() == datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_batch_that_runs_again_leaves_its_rows_once(spark: SparkSession, tmp_path: Path, as_query: Any) -> None:
    first = writer(tmp_path)
    first(batch(spark, 0), 0)
    first(batch(spark, 1, days=2), 1)
    writer(tmp_path)(batch(spark, 1), 1)  # judged anew by a later version: it is on one day only
    assert offsets(tmp_path) == [0, 1, 2, 3]
    assert names(tmp_path) == [
        "day=2026-11-22/t0-0000000000-0000000000-1afa4814.parquet",
        "day=2026-11-22/t0-0000000001-0000000001-1afa4814.parquet",
    ]


def test_death_at_any_step_loses_and_doubles_nothing(
    spark: SparkSession, tmp_path: Path, as_query: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FILES_PER_MERGE", 2)
    batches = [batch(spark, number, days=2).cache() for number in range(4)]
    earlier = tmp_path / "earlier"
    for number in range(2):
        writer(earlier)(batches[number], number)
    steps: list[str] = []
    copytree(earlier, tmp_path / "rehearsal")
    writer(tmp_path / "rehearsal", steps.append)(batches[2], 2)
    assert Counter(step.split()[0] for step in steps) == {"make": 1, "move": 3, "delete": 6}
    for death, step in enumerate(steps):
        place = tmp_path / f"death-{death}"
        copytree(earlier, place)
        with pytest.raises(Death, match=step.split()[0]):
            writer(place, _dying(death))(batches[2], 2)
        reborn = writer(place)
        for number in (2, 3):
            reborn(batches[number], number)
        assert offsets(place) == [0, 1, 2, 3, 4, 5, 6, 7], step
        assert not list(place.glob("_history/staging/*")), step


def test_a_reader_that_looks_at_names_is_right_at_every_step(
    spark: SparkSession, tmp_path: Path, as_query: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FILES_PER_MERGE", 2)
    seen: list[tuple[int, int]] = []

    def look(_step: str) -> None:
        found = files_of(Storage(spark, str(tmp_path)), "2026-11-22")
        seen.append((sum(file.last - file.first + 1 for file in found), len(offsets(tmp_path))))

    watched = writer(tmp_path, look)
    for number in range(3):
        watched(batch(spark, number), number)
    batches_then_rows = list(dict.fromkeys(seen))
    # One who only takes every file sees two merged batches twice until the second of their old files is deleted.
    assert batches_then_rows == [(0, 0), (1, 2), (2, 4), (3, 6), (3, 10), (3, 8)]


def test_a_closed_day_becomes_one_sorted_file(spark: SparkSession, tmp_path: Path, as_query: Any) -> None:
    evening = writer(tmp_path)
    for number in range(3):
        evening(batch(spark, number, rows=6), number)
    tomorrow = writer(tmp_path, at=NOON + timedelta(days=1))
    tomorrow(batch(spark, 3, rows=6).limit(0), 3)
    assert names(tmp_path) == ["day=2026-11-22/t1-0000000000-0000000002-1afa4814.parquet"]
    rows = pyarrow.parquet.read_table(tmp_path / names(tmp_path)[0], partitioning=None).to_pylist()
    order = [(row["sensor_id"], row["measured_at"], row["offset"]) for row in rows]
    assert order == sorted(order)
    assert [row["offset"] for row in rows] == [12, 14, 16, 6, 8, 10, 0, 2, 4, 13, 15, 17, 7, 9, 11, 1, 3, 5]


def test_a_file_that_cannot_be_read_keeps_its_day_from_merging_and_nothing_from_being_written(
    spark: SparkSession, tmp_path: Path, as_query: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "FILES_PER_MERGE", 2)
    lines: list[str] = []
    history = writer(tmp_path, log=lines.append)
    for number in range(2):
        history(batch(spark, number), number)
    damaged = tmp_path / names(tmp_path)[0]
    damaged.with_name(f".{damaged.name}.crc").unlink()
    damaged.write_bytes(b"not Parquet")
    for number in range(2, 4):
        history(batch(spark, number), number)
    assert len(names(tmp_path)) == 4
    assert len(lines) == 1
    assert 'event="history not merged" day=2026-11-22 reason=' in lines[0]


def test_readings_of_the_year_1_do_not_stop_it(spark: SparkSession, tmp_path: Path, as_query: Any) -> None:
    ancient = batch(spark, 0).withColumn("measured_at", F.timestamp_millis(F.lit(-62135596800000)))
    writer(tmp_path)(ancient, 0)
    assert names(tmp_path) == ["day=0001-01-01/t0-0000000000-0000000000-1afa4814.parquet"]


def test_another_checkpoint_is_refused_before_anything_is_written(
    spark: SparkSession, tmp_path: Path, as_query: Callable[[str], None]
) -> None:
    writer(tmp_path)(batch(spark, 0), 0)
    as_query(OTHER_ID)
    with pytest.raises(ConfigError, match=r"belongs to another checkpoint \(query 1afa4814, this one is 99999999\)"):
        writer(tmp_path)(batch(spark, 0), 0)
    assert offsets(tmp_path) == [0, 1]


def test_an_unusable_directory_is_said_with_its_place(spark: SparkSession, tmp_path: Path, as_query: Any) -> None:
    (tmp_path / "history").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot make file:.*/history/_history .*: see that the directory"):
        writer(tmp_path / "history")(batch(spark, 0), 0)


def _dying(after: int) -> Callable[[str], None]:
    left = [after]

    def die(step: str) -> None:
        if left[0] == 0:
            raise Death(step)
        left[0] -= 1

    return die
