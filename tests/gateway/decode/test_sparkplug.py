import struct
from datetime import UTC, datetime

import pytest

from gateway.decode import Device, TopicDecoder

MOMENT_MS = 1_700_000_000_000


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def metric(
    name: str | None = None,
    *,
    alias: int | None = None,
    at_ms: int | None = MOMENT_MS,
    datatype: int | None = None,
    value: float | int | None = None,
    flags: bytes = b"",
) -> bytes:
    body = b"" if name is None else field(1, name.encode())
    body += b"" if alias is None else field(2, alias)
    body += b"" if at_ms is None else field(3, at_ms)
    body += b"" if datatype is None else field(4, datatype)
    body += flags
    if isinstance(value, float):
        body += varint(12 << 3 | 5) + struct.pack("<f", value)
    elif value is not None:
        body += field(10, value)
    return field(2, body)


def text_property(key: str, value: str) -> bytes:
    return field(9, field(1, key.encode()) + field(2, field(1, 12) + field(8, value.encode())))


def int_property(key: str, value: int) -> bytes:
    return field(9, field(1, key.encode()) + field(2, field(1, 3) + field(3, value)))


def readings(decoder: TopicDecoder, kind: str, *metrics: bytes, device: str = "/Oven1") -> list[tuple[str, float]]:
    payload = field(1, MOMENT_MS) + b"".join(metrics) + field(3, 1)
    return [(one.sensor_id, one.celsius) for one in decoder.decode(f"spBv1.0/P/{kind}/E{device}", payload).found]


def reasons(decoder: TopicDecoder, kind: str, *metrics: bytes, device: str = "/Oven1") -> list[str]:
    payload = field(1, MOMENT_MS) + b"".join(metrics)
    return [one.reason for one in decoder.decode(f"spBv1.0/P/{kind}/E{device}", payload).refused]


def test_an_alias_is_read_after_its_birth_and_refused_before_it_and_after_death() -> None:
    decoder = TopicDecoder(Device())
    data = metric(alias=3, value=182.5)
    assert reasons(decoder, "DDATA", data) == ["unknown_alias"]
    born = metric("Temperature", alias=3, datatype=9, value=20.0)
    assert readings(decoder, "DBIRTH", born) == [("P/E/Oven1/Temperature", 20.0)]
    assert readings(decoder, "DDATA", data) == [("P/E/Oven1/Temperature", 182.5)]
    assert reasons(decoder, "NDEATH", device="") == ["death"]
    assert reasons(decoder, "DDATA", data) == ["unknown_alias"]


def test_alias_0_is_an_alias() -> None:
    decoder = TopicDecoder(Device())
    readings(decoder, "NBIRTH", metric("Oven Temp", alias=0, datatype=9, value=1.5), device="")
    assert readings(decoder, "NDATA", metric(alias=0, value=2.5), device="") == [("P/E/Oven Temp", 2.5)]


@pytest.mark.parametrize(
    ("datatype", "carried", "celsius"),
    [(1, 0xF4, -12), (2, 0xFFF4, -12), (2, 0xFFFFFFF4, -12), (3, 0xFFFFFFF4, -12), (6, 0x00FA, 250), (7, 300, 300)],
)
def test_integers_have_the_sign_of_their_type(datatype: int, carried: int, celsius: float) -> None:
    one = metric("Temperature", datatype=datatype, value=carried)
    assert readings(TopicDecoder(Device()), "DDATA", one) == [("P/E/Oven1/Temperature", celsius)]


def test_the_type_may_come_from_the_birth() -> None:
    decoder = TopicDecoder(Device())
    assert reasons(decoder, "DDATA", metric("Temperature", value=0xFFF4)) == ["no_datatype"]
    readings(decoder, "DBIRTH", metric("Temperature", datatype=2, value=1))
    assert readings(decoder, "DDATA", metric("Temperature", value=0xFFF4)) == [("P/E/Oven1/Temperature", -12)]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (metric("Temperature", datatype=9, flags=field(7, 1)), "bad_number"),
        (metric("Temperature", at_ms=None, datatype=9, value=20.0, flags=field(5, 1)), "historical"),
        (metric("Temperature", datatype=9, value=20.0, flags=int_property("Quality", 0)), "bad_quality"),
        (metric("Temperature", datatype=9, value=20.0, flags=text_property("engUnit", "bar")), "unknown_unit"),
        (metric("Temperature", datatype=11, value=1), "bad_number"),
        (metric("Temperature", datatype=9, value=float("nan")), "out_of_range"),
        (metric("Temperature Setpoint", datatype=9, value=20.0), "no_temperature"),
        (metric("Pressure", datatype=9, value=20.0), "no_temperature"),
        (field(2, b"\x0a\x05ab"), "bad_protobuf"),
        (b"\x12\xff", "bad_protobuf"),
        (field(5, b"SPBV1.0_COMPRESSED"), "compressed"),
    ],
)
def test_what_is_no_measurement_is_refused(one: bytes, reason: str) -> None:
    assert reasons(TopicDecoder(Device()), "DDATA", one) == [reason]


def test_a_unit_property_converts_and_the_metric_carries_its_time() -> None:
    decoder = TopicDecoder(Device())
    in_fahrenheit = text_property("engUnit", "°F")
    readings(decoder, "DBIRTH", metric("Temperature", alias=1, datatype=9, value=32.0, flags=in_fahrenheit))
    (found,) = decoder.decode("spBv1.0/P/DDATA/E/Oven1", metric(alias=1, value=212.0)).found
    assert (found.celsius, found.measured_at) == (100.0, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


def test_what_was_stored_while_the_link_was_down_has_its_own_time() -> None:
    stored = [
        metric("Temperature", at_ms=MOMENT_MS - ago_ms, datatype=9, value=value, flags=field(5, 1))
        for ago_ms, value in ((60_000, 20.5), (59_000, 21.5))
    ]
    now = metric("Temperature", at_ms=None, datatype=9, value=22.5)
    payload = field(1, MOMENT_MS) + b"".join([*stored, now])
    found = TopicDecoder(Device()).decode("spBv1.0/P/DDATA/E/Oven1", payload).found
    assert [(one.celsius, one.measured_at) for one in found] == [
        (20.5, datetime(2023, 11, 14, 22, 12, 20, tzinfo=UTC)),
        (21.5, datetime(2023, 11, 14, 22, 12, 21, tzinfo=UTC)),
        (22.5, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ]


def test_commands_and_host_states_are_no_readings() -> None:
    one = metric("Temperature", datatype=9, value=20.0)
    decoder = TopicDecoder(Device())
    assert reasons(decoder, "DCMD", one) == ["not_measured"]
    assert [one.reason for one in decoder.decode("spBv1.0/STATE/host", b'{"online":true}').refused] == ["not_measured"]
