import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.errors import RecordError
from dashboard.records import fields
from tests.dashboard.golden import refusal


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_an_object_or_refused(value: bytes) -> None:
    assert refusal(fields.parse_object, value) in {None, "malformed"}


@pytest.mark.parametrize(
    "value", [None, b"", b"[" * 100_000, b"1", b"\xff\xfe", b"null", b'{"a":' + b" " * 70_000 + b"1}"]
)
def test_what_is_no_object_is_refused(value: bytes | None) -> None:
    with pytest.raises(RecordError):
        fields.parse_object(value)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, '"80"', "true", "null"])
def test_what_is_no_finite_number_is_refused(number: str) -> None:
    with pytest.raises(RecordError):
        fields.number(json.loads(f'{{"suhu": {number}}}'), "suhu")


@pytest.mark.parametrize(
    "unfit", ["", "x" * 129, "a\u0000", "a\u001b[31m", "a\u0085", "\ud800", "line\nbreak", 7, None]
)
def test_ids_that_cannot_be_shown_are_refused(unfit: object) -> None:
    with pytest.raises(RecordError):
        fields.sensor_id({"sensor_id": unfit})


@pytest.mark.parametrize("fit", ["S1", "<script>alert(1)</script>", "tungku/utara #4 °", "x" * 128, "=1+1"])
def test_ids_that_only_look_bad_are_taken(fit: str) -> None:
    assert fields.sensor_id({"sensor_id": fit}) == fit


@pytest.mark.parametrize(
    ("text", "since_1970_ms"),
    [
        ("1970-01-01T00:00:00.000Z", 0),
        ("2026-11-22T03:04:05.678Z", 1_795_316_645_678),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ],
)
def test_times(text: str, since_1970_ms: int) -> None:
    assert fields.instant_ms({"at": text}, "at") == since_1970_ms


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T10:04:05.678+07:00",
        "2026-11-22T03:04:05Z",
        "2026-02-30T00:00:00.000Z",
        "2026-11-22T24:00:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "٢٠٢٦-11-22T03:04:05.678Z",
        1_795_316_645_678,
    ],
)
def test_what_is_no_time_is_refused(text: object) -> None:
    with pytest.raises(RecordError):
        fields.instant_ms({"at": text}, "at")
