import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.model import Record, Rejected
from gateway.rejected_wire import encode_rejected

CONTRACTS = Path(__file__).parents[2] / "contracts"
SCHEMA = Draft202012Validator(json.loads((CONTRACTS / "sensor-suhu-rejected.schema.json").read_text()))
MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_999, UTC)
BAD_JSON = Rejected("bad_json", "no JSON: Expecting value at character 9", b'{"suhu": N}', "suhu/S1")


def golden(name: str) -> list[str]:
    return (CONTRACTS / "golden" / name).read_text().splitlines()


def encoded(rejected: Rejected, source: str = "mqtt localhost:1883") -> Record:
    return encode_rejected(rejected, gateway_id="pabrik-1", source=source, arrived_at=MOMENT, suppressed=0, number=1042)


def fields(rejected: Rejected) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encoded(rejected).value)
    SCHEMA.validate(found)
    return found


@pytest.mark.parametrize("line", golden("sensor-suhu-rejected.valid.jsonl"))
def test_the_schema_accepts_every_valid_golden_record(line: str) -> None:
    SCHEMA.validate(json.loads(line))


@pytest.mark.parametrize("line", golden("sensor-suhu-rejected.invalid.jsonl"))
def test_the_schema_refuses_every_invalid_golden_record(line: str) -> None:
    case = json.loads(line)
    assert not SCHEMA.is_valid(case["record"]), case["why"]


def test_a_frame_becomes_the_first_golden_record() -> None:
    record = encoded(BAD_JSON)
    assert record.value.decode() == golden("sensor-suhu-rejected.valid.jsonl")[0]
    assert record.key == b"pabrik-1/mqtt localhost:1883"
    assert record.timestamp_ms == 1_795_316_645_678
    assert record.sequence == 1042


def test_any_bytes_come_through() -> None:
    everything = bytes(range(256))
    found = fields(Rejected("not_text", "noise", everything))
    assert base64.b64decode(found["raw"]) == everything
    assert (found["raw_bytes"], found["truncated"]) == (256, False)


@pytest.mark.parametrize(
    ("raw", "whole_bytes", "kept", "length", "truncated"),
    [
        (b"x" * 4096, 0, 4096, 4096, False),
        (b"x" * 4097, 0, 4096, 4097, True),
        (b"x" * 4096, 3_145_728, 4096, 3_145_728, True),
        (b"x" * 10, 11, 10, 11, True),
        (b"", 0, 0, 0, False),
    ],
)
def test_what_is_long_is_cut_and_says_how_long_it_was(
    raw: bytes, whole_bytes: int, kept: int, length: int, truncated: bool
) -> None:
    found = fields(Rejected("too_large", "", raw, whole_bytes=whole_bytes))
    assert base64.b64decode(found["raw"]) == b"x" * kept
    assert (found["raw_bytes"], found["truncated"]) == (length, truncated)


def test_texts_are_cut_and_need_not_be_unicode() -> None:
    found = fields(Rejected("unknown_unit", "\ud800" + "é" * 600, b"", "t/" * 30_000))
    assert found["detail"] == "?" + "é" * 499
    assert len(found["topic"]) == 500


def test_the_largest_record_is_smaller_than_a_batch_allows() -> None:
    worst = Rejected("x" * 64, "\U0001f525" * 600, b"x" * 70_000, "\x01" * 600)
    assert len(encoded(worst, "serial " + "\x01" * 600).value) * 50 < 1_000_000
