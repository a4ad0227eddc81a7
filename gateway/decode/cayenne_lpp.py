"""Cayenne Low Power Payload: channel, type, value, again and again (ElectronicCats/CayenneLPP, IPSO 3200 onwards)."""

from typing import Any

from gateway.errors import FrameError

TEMPERATURE = 0x67  # int16, 0.1 °C
# Length of each type's value; one unknown type makes all that follows unreadable.
LENGTHS = {
    0x00: 1, 0x01: 1, 0x02: 2, 0x03: 2, 0x64: 4, 0x65: 2, 0x66: 1, 0x67: 2, 0x68: 1, 0x71: 6, 0x73: 2, 0x74: 2,
    0x75: 2, 0x76: 4, 0x78: 1, 0x79: 2, 0x7D: 2, 0x80: 2, 0x82: 4, 0x83: 4, 0x84: 2, 0x85: 4, 0x86: 6, 0x87: 3,
    0x88: 9, 0x8E: 1,
}  # fmt: skip


def decode_lpp(raw: bytes) -> dict[str, Any]:
    """The temperatures by channel, named as The Things Network names them: `temperature_1`.

    Raises:
        FrameError: it is cut off, has an unknown type or the same channel twice.
    """
    found: dict[str, Any] = {}
    place = 0
    while place < len(raw):
        if place + 2 > len(raw) or raw[place + 1] not in LENGTHS:
            raise FrameError("bad_payload", f"no CayenneLPP: cut off, or an unknown type, at byte {place}")
        channel, kind = raw[place], raw[place + 1]
        value = raw[place + 2 : place + 2 + LENGTHS[kind]]
        if len(value) < LENGTHS[kind]:
            raise FrameError("bad_payload", "CayenneLPP that ends within a value")
        place += 2 + len(value)
        if kind == TEMPERATURE:
            name = f"temperature_{channel}"
            if name in found:
                raise FrameError("ambiguous", f"channel {channel} twice")
            found[name] = int.from_bytes(value, "big", signed=True) / 10
    return found
