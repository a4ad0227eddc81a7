import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from gateway import wire
from gateway.model import Reading

CONTRACTS = Path(__file__).parents[2] / "contracts"
SCHEMA = Draft202012Validator(json.loads((CONTRACTS / "sensor-suhu.schema.json").read_text()))
READING = Reading("S1", 83.4, datetime(2026, 11, 22, 3, 4, 5, 678_999, UTC), "serial")


def golden(name: str) -> list[str]:
    return (CONTRACTS / "golden" / name).read_text().splitlines()


@pytest.mark.parametrize("line", golden("sensor-suhu.valid.jsonl"))
def test_the_schema_accepts_every_valid_golden_record(line: str) -> None:
    SCHEMA.validate(json.loads(line))


@pytest.mark.parametrize("line", golden("sensor-suhu.invalid.jsonl"))
def test_the_schema_refuses_every_invalid_golden_record(line: str) -> None:
    case = json.loads(line)
    assert not SCHEMA.is_valid(case["record"]), case["why"]


def test_a_reading_becomes_the_first_golden_record() -> None:
    record = wire.encode(READING, "pabrik-1/k3v9", 1042)
    assert record.value.decode() == golden("sensor-suhu.valid.jsonl")[0]
    assert record.key == b"S1"
    assert record.timestamp_ms == 1_795_316_645_678
    assert record.sequence == 1042


@pytest.mark.parametrize(
    "reading",
    [
        Reading("tungku/utara #4 °", -273.15, datetime(1970, 1, 1, tzinfo=UTC), "csv"),
        Reading("S2", 80.0000001, datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC), "simulator"),
        Reading('a"b\\c', 10_000.0, datetime(9999, 12, 31, tzinfo=UTC), "http"),
    ],
)
def test_what_the_gateway_writes_keeps_the_contract(reading: Reading) -> None:
    SCHEMA.validate(json.loads(wire.encode(reading, "gw/zz99aa88", 1).value))


def test_a_reading_of_a_wrong_clock_and_one_that_waited_say_so() -> None:
    record = wire.encode(replace(READING, clock_unsynced=True), "pabrik-1/k3v9", 1042)
    assert record.value.endswith(b'/1042","clock_unsynced":true}')
    waited = wire.replayed(record)
    assert waited.value.endswith(b'"clock_unsynced":true,"replayed":true}')
    assert wire.replayed(waited) == waited
    SCHEMA.validate(json.loads(waited.value))


def test_a_retained_reading_says_so_before_it_waits() -> None:
    waited = wire.replayed(wire.encode(replace(READING, retained=True), "pabrik-1/k3v9", 1042))
    assert waited.value.endswith(b'/1042","retained":true,"replayed":true}')
    SCHEMA.validate(json.loads(waited.value))


def test_a_held_reading_comes_back_with_its_time_in_milliseconds() -> None:
    again = wire.decode_held(wire.encode_held(READING))
    assert again == Reading("S1", 83.4, datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC), "serial")
