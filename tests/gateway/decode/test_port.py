import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.decode import Device, Found, PortDecoder
from gateway.decode.profiles import PROFILES

DEVICES: list[dict[str, Any]] = [
    {},
    {"device": "ds18b20"},
    {"unit": "K", "decimal": ","},
    {"terminator": "<>"},
    {"decoder": "csv", "columns": {"1": {}, "2": {}}, "id_column": 0},
    {"decoder": "regex", "pattern": "^(?P<id>\\w*) (?P<t>.*)$"},
    {"decoder": "dcon"},
    {"decoder": "sdi12", "unit": "C"},
    {"decoder": "rflink"},
    {"decoder": "jeelink_lacrosse"},
    {"decoder": "mysensors"},
    {"decoder": "opentherm"},
    {"decoder": "nmea"},
    {"decoder": "gcode"},
    {"decoder": "vedirect"},
    {"decoder": "modbus_rtu", "fields": [{"id": "a", "reg": 0}]},
]
# Pieces that formats are made of: random bytes alone would seldom come past the first check.
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"<",
    b">",
    b"<>",
    b"Temp C: ",
    b"T=",
    b"23.5",
    b"-127.00",
    b"85.00",
    b"nan",
    b"1e309",
    b" F: ",
    b",",
    b";",
    b"\xb0C",
    "°C".encode(),
    b"S1 ",
    b"$YXMTW,15.2,C*14",
    b"ok T:",
    b" /210 ",
    b"{",
    b'{"',
    b"}",
    b"[",
    b"[D][sensor:1]: 'x' >> ",
    b"20;00;a;ID=1;TEMP=",
    b"ROM = 28 FF 4A 12 34 16 4 7F",
    b"\r\nT\t25",
    b"\r\nChecksum\t",
    b"\x01\x04\x02\x01\x31\x79\x74",
    b"\x01\x84\x02",
    b"0R2,Ta=",
    b"\x00",
    b"\x1b[0m",
    b"B40192D33",
]
STREAM = st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=30).map(b"".join)


def decoded(device: Device, parts: list[bytes]) -> tuple[list[Found], list[tuple[str, bytes]]]:
    port = PortDecoder(device, "port")
    port.reset(partial=False)
    answers = [port.feed(part) for part in parts] + [port.end()]
    refused = [(one.reason, one.raw) for answer in answers for one in answer.refused]
    return [one for answer in answers for one in answer.found], refused


@given(st.sampled_from(DEVICES), STREAM, st.integers(1, 7))
@example({}, b"S1 70.25\r\n", 1)
def test_any_bytes_in_any_pieces_give_the_same_and_never_an_exception(
    keys: dict[str, Any], stream: bytes, size: int
) -> None:
    device = Device.model_validate(keys)
    whole = decoded(device, [stream])
    cut = decoded(device, [stream[at : at + size] for at in range(0, len(stream), size)])
    assert cut[0] == whole[0]
    assert sorted(cut[1]) == sorted(whole[1])
    assert all(-273.15 < one.celsius <= 2_500 and one.sensor_id.isprintable() for one in whole[0])


@pytest.mark.parametrize("keys", DEVICES, ids=str)
def test_what_a_port_remembers_is_bounded(keys: dict[str, Any]) -> None:
    port = PortDecoder(Device.model_validate(keys), "port")
    port.reset(partial=False)
    for number in range(3_000):
        port.feed(b"x" * 100 + f"\r\nTemp{number}: 24.00 C\r\nTemp{number}: 85.00 C\r\n".encode() + b"y" * 600)
    assert len(pickle.dumps(port)) < 200_000


def test_what_comes_before_the_first_line_end_is_dropped_after_opening() -> None:
    port = PortDecoder(Device(), "port")
    port.reset()
    assert port.feed(b"3.45\nT=2").found == []
    port.reset()
    assert port.feed(b"3.45\nT=24.5\n").found == [Found("port/T", 24.5)]


def test_a_reconnected_ds18b20_may_begin_with_its_power_on_value_again() -> None:
    port = PortDecoder(Device(device="ds18b20"), "port")
    port.reset(partial=False)
    assert port.feed(b"Temp: 84.5\nTemp: 85.0\n").found == [
        Found("port/Temp", 84.5),
        Found("port/Temp", 85.0, None, True),
    ]
    port.reset(partial=False)
    assert [one.reason for one in port.feed(b"Temp: 85.0\n").refused] == ["power_on"]


def test_numbers_alone_are_read_after_enough_of_them_even_on_a_port_that_once_printed_words() -> None:
    port = PortDecoder(Device(), "port")
    port.reset(partial=False)
    assert port.feed(b"pump ready\n" + b"23.5\n" * 20).found == []
    assert port.feed(b"23.5\n").found == [Found("port", 23.5)]


def test_an_unknown_profile_is_a_mistake_that_names_those_there_are() -> None:
    with pytest.raises(ValidationError, match="ds18b20"):
        Device(device="ds18b02")
    assert Device(device="K-type").device == "K-type"


def test_every_profile_has_room_between_its_limits() -> None:
    assert all(one.lowest < one.highest for one in PROFILES.values())
