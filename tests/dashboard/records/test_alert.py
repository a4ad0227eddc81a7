import pytest

from dashboard.errors import RecordError
from dashboard.records.alert import Alert, parse_alert
from tests.dashboard.golden import valid


def test_the_golden_record() -> None:
    [value] = valid("sensor-suhu-alerts")
    assert parse_alert(value) == Alert("sensor-suhu/1/42", "S1", 83.4, 1_795_316_645_678, "pabrik-1/k3v9/1042")


def test_time_and_event_may_be_missing() -> None:
    value = b'{"alert_id":"sensor-suhu/1/42","sensor_id":"S1","suhu":83.4,"threshold_celsius":80.0}'
    assert parse_alert(value) == Alert("sensor-suhu/1/42", "S1", 83.4, None, None)


@pytest.mark.parametrize("value", [b"{}", b"[]", None, b'{"alert_id":1,"sensor_id":"S1","suhu":83.4}'])
def test_others_are_malformed(value: bytes | None) -> None:
    with pytest.raises(RecordError):
        parse_alert(value)
