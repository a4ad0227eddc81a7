import json
from pathlib import Path

import pytest
from suhu_jobs.alert import Alert, parse_alert

GOLDEN = Alert(
    topic="sensor-suhu",
    partition=1,
    offset=42,
    sensor_id="S1",
    celsius=83.4,
    threshold_celsius=80.0,
    measured_at="2026-11-22T03:04:05.678Z",
    event_id="pabrik-1/k3v9/1042",
)


def _with(**changes: object) -> bytes:
    record = {"alert_id": "t/0/7", "sensor_id": "S1", "suhu": 81, "threshold_celsius": 80} | changes
    return json.dumps(record).encode()


def test_parse_reads_the_golden_alert(golden: Path) -> None:
    [line] = (golden / "sensor-suhu-alerts.valid.jsonl").read_bytes().splitlines()
    assert parse_alert(line) == GOLDEN


def test_parse_needs_only_the_required_fields() -> None:
    assert parse_alert(_with()) == Alert("t", 0, 7, "S1", 81.0, 80.0, None, None)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"[" * 100_000,
        b"9" * 5000,
        _with(alert_id="t/0"),
        _with(alert_id="t/0/7/8"),
        _with(alert_id="t/-1/7"),
        _with(alert_id="t/0/" + "9" * 40),
        _with(alert_id="a b/0/7"),
        _with(alert_id=7),
        _with(sensor_id=None),
        _with(suhu="81"),
        _with(suhu=True),
        _with(suhu=float("nan")),
        _with(suhu=float("inf")),
        _with(suhu=10**400),
        _with(threshold_celsius=None),
    ],
)
def test_parse_refuses_what_is_no_alert(value: bytes | None) -> None:
    assert parse_alert(value) is None


def test_a_resend_has_the_same_key_wherever_it_stands() -> None:
    first = parse_alert(_with(alert_id="t/0/7", event_id="pabrik-1/k3v9/1", measured_at="m"))
    resend = parse_alert(_with(alert_id="t/1/99", event_id="pabrik-1/k3v9/1", measured_at="m"))
    assert first is not None
    assert resend is not None
    assert first.resend_key == resend.resend_key == '["pabrik-1/k3v9/1", "S1", 81.0, "m"]'


@pytest.mark.parametrize("change", [{"suhu": 82}, {"sensor_id": "S2"}, {"measured_at": "n"}])
def test_another_reading_under_a_used_event_id_has_another_key(change: dict[str, object]) -> None:
    first = parse_alert(_with(event_id="pabrik-1/k3v9/1", measured_at="m"))
    other = parse_alert(_with(**{"event_id": "pabrik-1/k3v9/1", "measured_at": "m"} | change))
    assert first is not None
    assert other is not None
    assert first.resend_key != other.resend_key


@pytest.mark.parametrize(
    "event_id", [None, "", "1", "pabrik-1/k3v9", "pabrik-1/k3v9/0", "pabrik-1/K3V9/1", "a/k3v9/1\n"]
)
def test_an_event_id_of_another_form_makes_no_key(event_id: str | None) -> None:
    alert = parse_alert(_with(event_id=event_id))
    assert alert is not None
    assert alert.resend_key is None
