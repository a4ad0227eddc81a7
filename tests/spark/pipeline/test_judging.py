import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation
from suhu_jobs.pipeline.judging import accepted, judge, rejected

from tests.spark.hostile_records import Sent, hostile_records, valid_records, with_field

RECORDS = "key BINARY, value BINARY, topic STRING, partition INT, offset BIGINT, timestamp TIMESTAMP"
ARRIVED = datetime(2026, 11, 22, 3, 4, 6, 5_000, tzinfo=UTC)
NOW = "2026-11-22T03:10:00Z"
CONTRACTS = Path(__file__).resolve().parents[3] / "contracts"


def _judged(spark: SparkSession, records: Iterable[Sent]) -> DataFrame:
    rows = [(one.key, one.value, "sensor-suhu", 2, 40 + number, ARRIVED) for number, one in enumerate(records)]
    return judge(spark.createDataFrame(rows, RECORDS), F.lit(NOW).cast("timestamp"))


def _reasons(judged: DataFrame, records: list[Sent]) -> dict[bytes | None, tuple[str | None, str | None]]:
    """What was expected and what was found, where they differ, by the beginning of the value."""
    found = {row.offset - 40: row.reason for row in judged.select("offset", "reason").collect()}
    return {
        one.value and one.value[:200]: (one.reason, found[number])
        for number, one in enumerate(records)
        if found[number] != one.reason
    }


def test_every_hostile_record_has_its_reason(spark: SparkSession) -> None:
    records = hostile_records(seed=1)
    assert len(records) >= 300
    assert _reasons(_judged(spark, records), records) == {}


def test_every_valid_record_is_a_reading(spark: SparkSession) -> None:
    records = valid_records()
    assert _reasons(_judged(spark, records), records) == {}
    found = {row.offset: row for row in accepted(_judged(spark, records)).collect()}
    for number, one in enumerate(records):
        expected = json.loads(one.value or b"")
        assert found[40 + number].sensor_id == expected["sensor_id"]
        assert found[40 + number].suhu == expected["suhu"]
        assert found[40 + number].event_id == expected["event_id"]


def test_the_verdict_is_that_of_the_contract(spark: SparkSession) -> None:
    """Python's JSON and JSON Schema know nothing of Spark: where they accept, so must we, and the other way round."""
    schema = Draft202012Validator(json.loads((CONTRACTS / "sensor-suhu.schema.json").read_text()))
    beyond_the_schema = {"wrong_key", "no_key", "future_time", "bad_time", "duplicate_key", "too_large"}
    for one in [*hostile_records(seed=2), *valid_records()]:
        if one.reason not in beyond_the_schema and b"\\n" not in (one.value or b""):  # to Python, $ is before it, too
            assert _is_valid(schema, one.value) == (one.reason is None), one


def _is_valid(schema: Draft202012Validator, value: bytes | None) -> bool:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        text = (value or b"").decode()
        record = json.loads(text, parse_constant=refuse)
        json.dumps(record, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError):
        return False
    return schema.is_valid(record)


def test_every_record_is_either_accepted_or_rejected(spark: SparkSession) -> None:
    records = [*hostile_records(seed=3), *valid_records()]
    judged = _judged(spark, records)
    kept = {row.offset for row in accepted(judged).collect()}
    refused = {json.loads(row.value)["origin"]["offset"] for row in rejected(judged).collect()}
    assert kept & refused == set()
    assert kept | refused == set(range(40, 40 + len(records)))


def test_an_accepted_reading_has_exactly_these_columns(spark: SparkSession) -> None:
    frame = accepted(_judged(spark, valid_records()[:1]))
    assert frame.dtypes == [
        ("topic", "string"),
        ("partition", "int"),
        ("offset", "bigint"),
        ("sensor_id", "string"),
        ("suhu", "double"),
        ("measured_at", "timestamp"),
        ("source", "string"),
        ("event_id", "string"),
        ("replayed", "boolean"),
        ("clock_unsynced", "boolean"),
        ("retained", "boolean"),
    ]
    [row] = frame.withColumn("measured_at", F.col("measured_at").cast("string")).collect()
    expected = ("S1", 83.4, "2026-11-22 03:04:05.678", "serial", "pabrik-1/k3v9/1042", False, False, False)
    assert tuple(row) == ("sensor-suhu", 2, 40, *expected)


@pytest.mark.parametrize(
    ("measured_at", "reason", "unsynced"),
    [
        ("2026-11-22T03:15:00.000Z", None, False),  # five minutes ahead
        ("2026-11-22T03:15:00.001Z", "future_time", False),
        ("1999-12-31T23:59:59.999Z", None, True),
        ("2000-01-01T00:00:00.000Z", None, False),
    ],
)
def test_clocks_that_cannot_be_right(spark: SparkSession, measured_at: str, reason: str | None, unsynced: bool) -> None:
    value = with_field("measured_at", f'"{measured_at}"')
    [row] = _judged(spark, [Sent(b"S1", value, None)]).collect()
    assert (row.reason, row.clock_unsynced) == (reason, unsynced)


@pytest.mark.parametrize("flag", ["replayed", "retained", "clock_unsynced"])
def test_what_the_gateway_says_of_a_reading_is_kept(spark: SparkSession, flag: str) -> None:
    [row] = accepted(_judged(spark, [Sent(b"S1", with_field(flag, "true"), None)])).collect()
    assert {name: row[name] for name in ("replayed", "retained", "clock_unsynced")} == {
        "replayed": flag == "replayed",
        "retained": flag == "retained",
        "clock_unsynced": flag == "clock_unsynced",
    }


def test_numbers_keep_their_value(spark: SparkSession) -> None:
    texts = ["83.4", "83.400000000000001", "0.1", "-273.15", "1e4", "9999.999999999998", "1E-7", "5e-324", "-0.0"]
    records = [Sent(b"S1", with_field("suhu", text), None) for text in texts]
    found = [row.suhu for row in accepted(_judged(spark, records)).orderBy("offset").collect()]
    assert found == [float(text) for text in texts]


def _rejected(spark: SparkSession, key: bytes | None, value: bytes | None) -> tuple[Row, dict[str, Any]]:
    [row] = rejected(_judged(spark, [Sent(key, value, None)])).collect()
    return row, json.loads(row.value)


def test_a_rejected_record_equals_the_golden_one(spark: SparkSession) -> None:
    row, _ = _rejected(spark, b"S1", b'{"suhu":83.4}')
    assert bytes(row.key) == b"S1"
    assert bytes(row.value).decode() == (
        '{"schema_version":1,"origin":{"topic":"sensor-suhu","partition":2,"offset":40},"reason":"no_sensor_id",'
        '"detail":"sensor_id is missing or null","arrived_at":"2026-11-22T03:04:06.005Z","raw":"eyJzdWh1Ijo4My40fQ==",'
        '"raw_bytes":13,"truncated":false,"suppressed":0}'
    )


def test_every_rejected_record_is_as_the_contract_has_it(spark: SparkSession) -> None:
    schema = Draft202012Validator(json.loads((CONTRACTS / "sensor-suhu-rejected.schema.json").read_text()))
    records = hostile_records(seed=4)
    for row in rejected(_judged(spark, records)).collect():
        record = json.loads(row.value)
        schema.validate(record)
        sent = records[record["origin"]["offset"] - 40]
        raw = sent.value or b""
        assert base64.b64decode(record["raw"]) == raw[:4096]
        assert (record["raw_bytes"], record["truncated"]) == (len(raw), len(raw) > 4096)


@pytest.mark.parametrize(("key", "kept"), [(None, None), (b"k" * 4096, b"k" * 4096), (b"k" * 4097, None)])
def test_a_key_too_long_to_be_true_is_left_out(spark: SparkSession, key: bytes | None, kept: bytes | None) -> None:
    row, _ = _rejected(spark, key, b"x")
    assert (row.key and bytes(row.key)) == kept
