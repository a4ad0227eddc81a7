from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decode import Found, decode_payload
from gateway.errors import FrameError


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"S1 70.25", [Found("S1", 70.25)]),
        (b"mesin-7 -3", [Found("mesin-7", -3.0)]),
        (b"sensor2 98.6 F", [Found("sensor2", 37.0)]),
        ("sensor_id: S1, suhu: 70°C".encode(), [Found("S1", 70.0)]),
        (b"sensor_id: S1, suhu: 70\xb0C", [Found("S1", 70.0)]),
        ("suhu: 70,5°C".encode(), [Found("ttyUSB0/suhu", 70.5)]),
        (b"T=70.2C", [Found("ttyUSB0/T", 70.2)]),
        (b"T=70.2", [Found("ttyUSB0/T", 70.2)]),
        (b"temperature = 343.15 K", [Found("ttyUSB0/temperature", 70.0)]),
        (b"id=S3;temp=70.5", [Found("S3", 70.5)]),
        (b'{"sensor_id":"S1","suhu":70.2}', [Found("S1", 70.2)]),
        (b'{"sensor_id":"S1","suhu":"70"}', [Found("S1", 70.0)]),
        (b'{"id": 7, "temperature": 158, "unit": "F"}', [Found("7", 70.0)]),
        (b'{"temp_c": 23.5, "temp_f": 74.3}', [Found("ttyUSB0", 23.5)]),
        (
            b'{"sensor":"S1","suhu":70,"measured_at":"2026-11-22T10:04:05+07:00"}',
            [Found("S1", 70.0, datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC))],
        ),
        (b'[{"sensor_id":"S1","suhu":70},{"sensor_id":"S2","suhu":71}]', [Found("S1", 70.0), Found("S2", 71.0)]),
        (b"\x1b[0;32mS1 70.25\x1b[0m", [Found("S1", 70.25)]),
        (b"\x11S1 70.25\x13\x00", [Found("S1", 70.25)]),
    ],
)
def test_understood(raw: bytes, expected: list[Found]) -> None:
    assert decode_payload(raw, "ttyUSB0") == expected


def test_a_label_without_a_name_of_its_own_carries_the_configured_id_alone() -> None:
    assert decode_payload(b"T=70.2C", "ttyUSB0", configured_id="boiler") == [Found("boiler", 70.2)]
    assert decode_payload(b"Outlet=70.2C", "ttyUSB0", configured_id="boiler") == [Found("boiler/Outlet", 70.2)]


def test_a_bare_number_is_a_temperature_only_with_a_configured_id() -> None:
    assert decode_payload(b"70.25", "ttyUSB0", configured_id="boiler") == [Found("boiler", 70.25)]
    with pytest.raises(FrameError) as caught:
        decode_payload(b"70.25", "ttyUSB0")
    assert caught.value.reason == "no_sensor_id"


def test_the_id_in_the_frame_wins_over_the_configured_one() -> None:
    assert decode_payload(b'{"sensor_id":"S1","suhu":70}', "suhu/S9", configured_id="S9") == [Found("S1", 70.0)]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty"),
        (b" \t ", "empty"),
        (b"\xff\xfe\x80", "not_text"),
        (b"Humidity 45.20", "no_temperature"),
        (b"CO2 412", "not_understood"),
        (b"S1", "not_understood"),
        (b"S1 70.25 71.5", "not_understood"),
        (b"S1 nan", "not_understood"),
        (b"S1 1_000", "not_understood"),
        ("S1 ٧٠".encode(), "not_understood"),
        (b"S1 1e309", "out_of_range"),
        (b"hum: 45", "no_temperature"),
        (b"T=abc", "not_understood"),
        (b"T=nan", "bad_number"),
        (b"T=70, T=71", "ambiguous"),
        (b"id=a, id=b, T=70", "ambiguous"),
        (b"S1 -273.16", "out_of_range"),
        (b"S1 2501", "out_of_range"),
        (b"{", "bad_json"),
        (b'{"suhu": NaN}', "bad_json"),
        (b'{"suhu": 1e999}', "out_of_range"),
        (b'{"suhu": "7_0"}', "bad_number"),
        (b'{"suhu": true}', "bad_number"),
        (b'{"suhu": null}', "bad_number"),
        (b'{"suhu": 70, "suhu": 71}', "bad_json"),
        (b'{"suhu": 70, "SUHU": 71}', "ambiguous"),
        (b'{"temp_c": 23.5, "temp_f": 23.5}', "ambiguous"),
        (b'{"suhu": 70, "unit": "bar"}', "unknown_unit"),
        (b'{"suhu": 70, "sensor_id": ["S1"]}', "bad_sensor_id"),
        (b'{"suhu": 70, "sensor_id": "' + b"x" * 129 + b'"}', "bad_sensor_id"),
        (b'{"humidity": 45}', "no_temperature"),
        (b"[]", "no_temperature"),
        (b"[70, 71]", "no_temperature"),
        (b'[{"suhu": 70}, {"suhu": 71}]', "ambiguous"),
        (b"[" * 100_000, "too_large"),
        (b"[" * 60_000, "too_deep"),
        (b'{"suhu": ' + b"9" * 5000 + b"}", "bad_json"),
        (b'{"suhu": ' + b"9" * 4000 + b"}", "out_of_range"),
    ],
)
def test_rejected_with_its_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(FrameError) as caught:
        decode_payload(raw, "ttyUSB0")
    assert caught.value.reason == reason


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_give_temperatures_in_range_or_a_reason(raw: bytes) -> None:
    try:
        found = decode_payload(raw, "ttyUSB0", configured_id="S1")
    except FrameError:
        return
    assert found
    assert all(-273.15 < one.celsius <= 2_500 and one.sensor_id for one in found)
