"""Vaisala WXT weather transmitters, ASCII protocol: `0R2,Ta=23.6C,Ua=14.2P,Pa=1026.6H`."""

import re

from gateway.decode.checksums import crc_sdi12
from gateway.decode.found import Found, attempted, number, reading
from gateway.errors import FrameError

MESSAGE = re.compile(r"(?P<address>[0-9A-Za-z])(?P<kind>[Rr])[0-9],(?P<fields>[A-Z][a-z]=.*)")
# Air, internal and heating temperature; the letter after a value is its unit, or # where it is invalid.
TEMPERATURE = re.compile(r"(?P<name>T[aphi])=(?P<value>[^,A-Za-z#]*)(?P<unit>[A-Za-z#]?)")


def is_weather_message(text: str) -> bool:
    """Whether a line is a data message of these instruments."""
    return MESSAGE.fullmatch(text) is not None


def decode_weather_message(text: str, base: str) -> list[Found | FrameError]:
    """The temperatures of one message; a small `r` means that three CRC characters end it."""
    match = MESSAGE.fullmatch(text)
    if match is None:
        raise FrameError("not_understood", "no data message")
    fields = match["fields"]
    if match["kind"] == "r":
        if crc_sdi12(text[:-3].encode()) != text[-3:].encode():
            raise FrameError("bad_checksum", f"the CRC {text[-3:]!r} does not fit")
        fields = fields[:-3]
    temperatures = [one for field in fields.split(",") if (one := TEMPERATURE.fullmatch(field)) is not None]
    if not temperatures:
        raise FrameError("no_temperature", "no field of the message is a temperature")
    return [attempted(_reading, one, f"{base}/{match['address']}") for one in temperatures]


def _reading(field: re.Match[str], base: str) -> Found:
    if field["unit"] not in {"C", "F"}:
        raise FrameError("unknown_unit", f"{field[0]!r}: {field['unit'] or 'no unit'} marks an invalid value")
    return reading(f"{base}/{field['name']}", number(field["value"]), field["unit"], "wxt")
