import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from suhu_jobs.transforms import as_alerts, as_kafka_records, hotter_than, leave_out_cold, parse_readings

from tests.spark.hostile import HOSTILE

RECORDS = "topic STRING, partition INT, offset BIGINT, value BINARY"
READINGS = (
    "topic STRING, partition INT, offset BIGINT, "
    "sensor_id STRING, suhu DOUBLE, measured_at STRING, source STRING, event_id STRING"
)


def _records(spark: SparkSession, values: Sequence[bytes | None]) -> DataFrame:
    rows = [("sensor-suhu", 1, 40 + number, value) for number, value in enumerate(values)]
    return spark.createDataFrame(rows, RECORDS)


def _parsed(spark: SparkSession, *values: bytes | None) -> list[tuple[Any, ...]]:
    return [tuple(row)[3:] for row in parse_readings(_records(spark, values)).collect()]


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_parse_gives_every_field_of_the_valid_golden_records_that_are_new(spark: SparkSession, golden: Path) -> None:
    values = [line.encode() for line in _lines(golden / "sensor-suhu.valid.jsonl")]
    assert _parsed(spark, *values) == [
        ("S1", 83.4, "2026-11-22T03:04:05.678Z", "serial", "pabrik-1/k3v9/1042"),
        ("S2", 80.0, "2026-11-22T03:04:05.000Z", "mqtt", "pabrik-1/k3v9/1043"),
        ("S3", 80.0000001, "2026-11-22T03:04:05.001Z", "simulator", "pabrik-1/k3v9/1044"),
        ("tungku/utara #4 °", -273.15, "2024-02-29T23:59:59.999Z", "csv", "a/0000/1"),
        ("mesin-7", 1200.25, "1970-01-01T00:00:00.000Z", "http", "Gw.2_x-y/zz99aa88/9223372036854775807"),
        ("S1", 83.5, "2026-11-22T03:04:06.678Z", "serial", "pabrik-1/k3v9/1045"),
        ("S1", 20.0, "1970-01-01T00:00:09.000Z", "mqtt", "pabrik-1/k3v9/1046"),
    ]


def test_parse_takes_of_the_invalid_golden_records_those_with_a_sensor_and_a_number(
    spark: SparkSession, golden: Path
) -> None:
    cases = [json.loads(line) for line in _lines(golden / "sensor-suhu.invalid.jsonl")]
    records = _records(spark, [json.dumps(case["record"]).encode() for case in cases])
    taken = [cases[row.offset - 40]["why"] for row in parse_readings(records).collect()]
    assert taken == [
        "below absolute zero",
        "no event_id",
        "sequence zero",
        "event_id without journal",
        "unknown source",
        "local time",
        "no milliseconds",
        "unknown field",
        "replayed is false",
        "retained is text",
        "a control character in sensor_id",
    ]


def test_parse_drops_what_a_broker_had_retained_and_only_that(spark: SparkSession) -> None:
    hot = [
        b'{"sensor_id":"S1","suhu":95,"retained":%s}' % mark for mark in (b"true", b"false", b"null", b"7", b"[true]")
    ]
    assert [row.offset - 40 for row in parse_readings(_records(spark, hot)).collect()] == [1, 2, 3, 4]


def test_parse_drops_hostile_records_and_raises_for_none(spark: SparkSession) -> None:
    assert _parsed(spark, *HOSTILE) == [("X", 80.0, None, None, None)]  # the first of two objects


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"sensor_id":"S1","suhu":81}', ("S1", 81.0, None, None, None)),
        (b'{"suhu":8.1e1,"sensor_id":" "}', (" ", 81.0, None, None, None)),
        (b'{"sensor_id":7,"suhu":81,"event_id":9,"source":true}', ("7", 81.0, None, "true", "9")),
        (b'{"sensor_id":"a\xffb","suhu":81}', ("a�b", 81.0, None, None, None)),
        (b'{"sensor_id":"S1","suhu":81,"event_id":{"a":[1]}}', ("S1", 81.0, None, None, '{"a":[1]}')),
        (b'{"sensor_id":"S1","suhu":1.7976931348623157e308}', ("S1", 1.7976931348623157e308, None, None, None)),
        (b' \n{"sensor_id":"S1","suhu":81}\n', ("S1", 81.0, None, None, None)),
    ],
)
def test_parse_is_lenient(spark: SparkSession, value: bytes, expected: tuple[Any, ...]) -> None:
    assert _parsed(spark, value) == [expected]


def test_parse_cuts_a_long_sensor_id_and_forgets_texts_too_long_to_be_true(spark: SparkSession) -> None:
    record = {"sensor_id": "°" * 129, "suhu": 81, "measured_at": "m" * 256, "source": "s" * 257, "event_id": "e" * 999}
    assert _parsed(spark, json.dumps(record).encode()) == [("°" * 128, 81.0, "m" * 256, None, None)]


def test_hotter_than_is_strict_and_takes_neither_nan_nor_null(spark: SparkSession) -> None:
    degrees = [79.9, 80.0, 80.0000001, float("nan"), None, 1e308]
    rows = [("t", 0, number, "S", celsius, None, None, None) for number, celsius in enumerate(degrees)]
    readings = spark.createDataFrame(rows, READINGS)
    assert [row.suhu for row in hotter_than(readings, 80.0).collect()] == [80.0000001, 1e308]


def test_alert_record_equals_the_golden_one(spark: SparkSession, golden: Path) -> None:
    reading = ("sensor-suhu", 1, 42, "S1", 83.4, "2026-11-22T03:04:05.678Z", "serial", "pabrik-1/k3v9/1042")
    hot = spark.createDataFrame([reading], READINGS)
    [record] = as_kafka_records(as_alerts(hot, 80.0)).collect()
    assert (record.partition, bytes(record.key)) == (1, b"S1")
    assert bytes(record.value).decode() == (
        '{"alert_id":"sensor-suhu/1/42","sensor_id":"S1","suhu":83.4,"threshold_celsius":80.0,'
        '"measured_at":"2026-11-22T03:04:05.678Z","source":"serial","event_id":"pabrik-1/k3v9/1042"}'
    )
    assert bytes(record.value).decode() == _lines(golden / "sensor-suhu-alerts.valid.jsonl")[0]


def test_alert_record_leaves_out_what_the_reading_had_not(spark: SparkSession) -> None:
    hot = spark.createDataFrame([("t", 2, 7, "mesin °", 81.0, None, None, None)], READINGS)
    [record] = as_kafka_records(as_alerts(hot, 75.5)).collect()
    assert (record.partition, bytes(record.key)) == (2, "mesin °".encode())
    assert json.loads(bytes(record.value)) == {
        "alert_id": "t/2/7",
        "sensor_id": "mesin °",
        "suhu": 81.0,
        "threshold_celsius": 75.5,
    }


def test_cold_records_are_left_out_unread_and_no_hot_one_is(spark: SparkSession, golden: Path) -> None:
    odd = [
        b'{"sensor_id":"odd","suhu":90}',
        b'{"sensor_id":{"a":"suhu"},"suhu":90.5,"event_id":[1,2],"retained":{}}',
        b'{"x":{"suhu":1},"sensor_id":"nested","suhu":91}',
        b'{"sensor_id":"a\xffb","suhu":1e3}{"sensor_id":"second","suhu":1}',
        b'{"suhu":81,"suhu":99,"sensor_id":"twice"}',
        b'{"suhu":99,"suhu":20,"sensor_id":"cold at last"}',
        b'{"sensor_id":"S1","suhu":80}',
        b'{"sensor_id":"S1","suhu":80.0000001}',
    ]
    values = [*HOSTILE, *odd, *(line.encode() for line in _lines(golden / "sensor-suhu.valid.jsonl"))]
    records = _records(spark, values)
    kept = leave_out_cold(records, 80.0)
    assert kept.count() < 25 < len(values)
    with_it = [(row.sensor_id, row.suhu) for row in hotter_than(parse_readings(kept), 80.0).collect()]
    without = [(row.sensor_id, row.suhu) for row in hotter_than(parse_readings(records), 80.0).collect()]
    assert with_it == without
    assert with_it == [
        ("odd", 90.0),
        ('{"a":"suhu"}', 90.5),
        ("nested", 91.0),
        ("a\ufffdb", 1000.0),
        ("twice", 99.0),
        ("S1", 80.0000001),
        ("S1", 83.4),
        ("S3", 80.0000001),
        ("mesin-7", 1200.25),
        ("S1", 83.5),
    ]
