from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from suhu_jobs.report.figures import measured_now, per_machine, per_minute, with_intervals
from suhu_jobs.schema import HISTORY_SCHEMA

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
Row = tuple[Any, ...]


def _row(at_s: float, celsius: float, sensor_id: str = "S1", *, unsynced: bool = False, retained: bool = False) -> Row:
    at = MIDNIGHT + timedelta(seconds=at_s)
    return (sensor_id, float(celsius), at, "serial", "g/aaaa/1", False, unsynced, retained, "t", 0, int(at_s * 1000))


def _readings(spark: SparkSession, *rows: Row) -> DataFrame:
    return spark.createDataFrame(list(reversed(rows)), HISTORY_SCHEMA)


def _intervals(spark: SparkSession, *rows: Row) -> list[Row]:
    intervals = with_intervals(_readings(spark, *rows), 80, 30)
    return [(row.gap_s, row.held_s, row.is_hot, row.stretch) for row in intervals.orderBy("measured_at").collect()]


def test_a_reading_holds_until_the_next_one_and_at_most_30_seconds(spark: SparkSession) -> None:
    assert _intervals(spark, _row(0, 20), _row(1.5, 20), _row(31.5, 20), _row(61.501, 20)) == [
        (1.5, 1.5, False, 1),
        (30.0, 30.0, False, 1),
        (30.001, 30.0, False, 1),
        (None, 0.0, False, 2),
    ]


def test_a_stretch_ends_where_hot_begins_or_ends_and_80_is_not_hot(spark: SparkSession) -> None:
    found = _intervals(spark, _row(0, 80), _row(1, 80.1), _row(2, 300), _row(3, 80), _row(4, 81))
    assert [row[2:] for row in found] == [(False, 1), (True, 2), (True, 2), (False, 3), (True, 4)]


def test_each_sensor_has_intervals_of_its_own(spark: SparkSession) -> None:
    rows = [_row(0, 90), _row(1, 20, "S2"), _row(2, 90), _row(5, 20, "S2")]
    found = with_intervals(_readings(spark, *rows), 80, 30).orderBy("sensor_id", "measured_at").collect()
    assert [(row.sensor_id, row.gap_s) for row in found] == [("S1", 2.0), ("S1", None), ("S2", 4.0), ("S2", None)]


def test_figures_of_a_machine(spark: SparkSession) -> None:
    rows = [
        *(_row(second, 90) for second in range(10)),  # hot for 10 s
        _row(10, 70),
        *(_row(second, 85) for second in range(20, 40)),  # hot for 19 s and the 30 s that the last one holds
        _row(100, 60.5),
        _row(101, 61),
    ]
    [machine] = per_machine(with_intervals(_readings(spark, *rows), 80, 30)).collect()
    assert (machine.sensor_id, machine.readings, machine.lowest, machine.highest) == ("S1", 33, 60.5, 90.0)
    assert round(machine.mean, 6) == 84.590909
    assert (machine.hot_s, machine.longest_hot_s) == (59.0, 49.0)
    assert (machine.longest_gap_s, machine.gap_began_ms) == (61.0, 1_795_305_639_000)


def test_a_silence_cuts_a_hot_stretch_in_two(spark: SparkSession) -> None:
    rows = [_row(0, 90), _row(5, 90), _row(105, 90), _row(115, 90)]
    [machine] = per_machine(with_intervals(_readings(spark, *rows), 80, 30)).collect()
    assert (machine.hot_s, machine.longest_hot_s) == (45.0, 35.0)


def test_of_gaps_as_long_the_first_one_counts(spark: SparkSession) -> None:
    rows = [_row(0, 20), _row(2, 90), _row(4, 20), _row(5, 20)]
    [machine] = per_machine(with_intervals(_readings(spark, *rows), 80, 30)).collect()
    assert (machine.longest_gap_s, machine.gap_began_ms) == (2.0, 1_795_305_600_000)


def test_a_machine_with_one_reading_has_no_gap(spark: SparkSession) -> None:
    [machine] = per_machine(with_intervals(_readings(spark, _row(3, 90)), 80, 30)).collect()
    assert tuple(machine) == ("S1", 1, 90.0, 90.0, 90.0, 0.0, 0.0, None, None)


def test_what_says_nothing_about_the_day_is_left_out(spark: SparkSession) -> None:
    rows = [_row(0, 20), _row(1, 99, retained=True), _row(2, 98, unsynced=True), _row(3, 21)]
    assert sorted(row.suhu for row in measured_now(_readings(spark, *rows)).collect()) == [20.0, 21.0]


def test_a_minute_is_its_lowest_mean_and_highest(spark: SparkSession) -> None:
    rows = [_row(0, 20), _row(59.999, 30), _row(60, 40), _row(86_399.999, 50), _row(86_340, 70, "S2")]
    assert [tuple(row) for row in per_minute(_readings(spark, *rows)).collect()] == [
        ("S1", 0, 20.0, 25.0, 30.0),
        ("S1", 1, 40.0, 40.0, 40.0),
        ("S1", 1439, 50.0, 50.0, 50.0),
        ("S2", 1439, 70.0, 70.0, 70.0),
    ]
