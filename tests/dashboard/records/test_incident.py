import pytest

from dashboard.errors import RecordError
from dashboard.records.incident import Incident, parse_incident
from tests.dashboard.golden import invalid, refusal, valid

BEGAN, STILL, ENDED, *OTHERS = [parse_incident(value) for value in valid("sensor-suhu-incidents")]


def test_the_golden_records() -> None:
    assert (
        Incident(
            incident_id="overheating/sensor-suhu/1/42",
            kind="overheating",
            phase="still",
            sensor_id="S1",
            at_ms=1_795_316_706_178,
            began_at_ms=1_795_316_645_678,
            duration_s=60.5,
            peak_celsius=91.0,
        )
        == STILL
    )
    assert [one.kind for one in OTHERS] == ["fast_heating", "silent", "silent"]
    assert [one.is_open for one in (BEGAN, STILL, ENDED)] == [True, True, False]


def test_later_records_say_more_and_repeated_ones_do_not() -> None:
    assert STILL.is_after(BEGAN)
    assert ENDED.is_after(STILL)
    assert not BEGAN.is_after(ENDED)
    assert not STILL.is_after(STILL)


@pytest.mark.parametrize("why", ["no kind", "an unknown kind"])
def test_a_kind_that_nobody_knows_is_malformed(why: str) -> None:
    value = valid("sensor-suhu-incidents")[0].replace(
        b'"overheating",', b'"melting",' if why == "an unknown kind" else b'"",'
    )
    with pytest.raises(RecordError):
        parse_incident(value)


def test_no_invalid_golden_record_breaks_the_reader() -> None:
    assert {refusal(parse_incident, value) for value in invalid("sensor-suhu-incidents").values()} <= {
        None,
        "malformed",
    }
