import json

import pytest

from dashboard.errors import RecordError
from dashboard.records.reading import Reading, parse_reading
from tests.dashboard.golden import invalid, refusal, valid

NOW_MS = 1_795_316_700_000  # 2026-11-22T03:05:00Z
TOLERATED = {"unknown field", "replayed is false"}  # a reader takes what a writer must not write


def record(**changes: object) -> bytes:
    fields = {
        "sensor_id": "S1",
        "suhu": 83.4,
        "measured_at": "2026-11-22T03:04:05.678Z",
        "source": "serial",
        "event_id": "pabrik-1/k3v9/1042",
    }
    return json.dumps(fields | changes).encode()


def test_a_record_of_the_contract() -> None:
    assert parse_reading(record(), 2, NOW_MS) == Reading(
        sensor_id="S1",
        celsius=83.4,
        measured_at_ms=1_795_316_645_678,
        source="serial",
        journal="pabrik-1/k3v9",
        sequence=1042,
        partition=2,
        replayed=False,
        unsynced=False,
    )


def test_every_valid_golden_record_is_taken_but_for_retained_ones() -> None:
    reasons = [refusal(lambda one: parse_reading(one, 0, NOW_MS), value) for value in valid("sensor-suhu")]
    assert reasons == [None] * 7 + ["retained", "retained"]


@pytest.mark.parametrize(("why", "value"), invalid("sensor-suhu").items())
def test_invalid_golden_records_are_malformed(why: str, value: bytes) -> None:
    if why in TOLERATED:
        assert parse_reading(value, 0, NOW_MS).sensor_id == "S1"
    else:
        with pytest.raises(RecordError) as caught:
            parse_reading(value, 0, NOW_MS)
        assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    ("ahead", "is_taken"), [("03:10:00.000", True), ("03:10:00.001", False), ("23:00:00.000", False)]
)
def test_more_than_five_minutes_ahead_is_the_future(ahead: str, is_taken: bool) -> None:
    value = record(measured_at=f"2026-11-22T{ahead}Z")
    if is_taken:
        assert parse_reading(value, 0, NOW_MS).sensor_id == "S1"
    else:
        with pytest.raises(RecordError) as caught:
            parse_reading(value, 0, NOW_MS)
        assert caught.value.reason == "future"


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    assert parse_reading(record(measured_at="1970-01-01T00:00:09.000Z"), 0, NOW_MS).unsynced
    assert parse_reading(record(clock_unsynced=True), 0, NOW_MS).unsynced


def test_simulated_data_is_recognised() -> None:
    assert parse_reading(record(source="simulator"), 0, NOW_MS).simulated
    assert not parse_reading(record(source="mqtt"), 0, NOW_MS).simulated
