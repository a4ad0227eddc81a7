"""Answers that are signed values without separators: DCON (`>+025.12+020.45`) and SDI-12 (`0+2591+25.53`)."""

import re
from collections.abc import Sequence

from gateway.decode.checksums import crc_sdi12
from gateway.decode.device import Column, Device
from gateway.decode.found import Found, attempted, reading
from gateway.errors import FrameError

VALUE = re.compile(r"[+-][0-9]{1,7}(?:\.[0-9]{0,7})?")
VALUES = re.compile(rf"(?:{VALUE.pattern})+")
DCON_FIELD = 7  # characters of an ADAM-4000 channel in engineering units, such as +025.12
# An adapter may give back the request that it sent: `0D0!0+25.53`.
SDI12 = re.compile(
    rf"(?:[0-9A-Za-z][DR][0-9]!)?(?P<reply>(?P<address>[0-9A-Za-z])(?P<values>{VALUES.pattern})(?P<crc>[\x40-\x7f]{{3}})?)"
)

# What ADAM-4000 modules send outside of a sensor's range or for a broken wire (ADAM-4000 manual, 5.2), and the
# longer forms of their successors; the lower ones are no temperatures anyway.
DCON_OUT_OF_BOUNDS = frozenset({"+9999", "+9999.", "-0000", "-0000."})
DCON_BROKEN = 9_999.0


def decode_dcon(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The channels of one answer of an ADAM or I-7000 module."""
    if not text.startswith(">"):
        raise FrameError("not_a_reading", f"{text[:40]!r} is no answer with values: these begin with '>'")
    values = _values(_without_checksum(text)[1:])
    return _channels(values, base, device, "dcon", only_listed=bool(device.columns))


def decode_sdi12(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The values of one answer to aD0! or aR0!; which of them are temperatures stands in `columns`."""
    match = SDI12.fullmatch(text)
    if match is None:
        raise FrameError("not_a_reading", f"{text[:40]!r} is no address with signed values")
    if match["crc"] is not None and crc_sdi12(match["reply"][:-3].encode()) != match["crc"].encode():
        raise FrameError("bad_checksum", f"the CRC {match['crc']!r} does not fit")
    if not device.columns and device.unit is None:
        raise FrameError("no_columns", "which value is a temperature? Say it with the key `columns`")
    return _channels(
        _values(match["values"]), f"{base}/{match['address']}", device, "sdi12", only_listed=bool(device.columns)
    )


def _values(text: str) -> list[str]:
    if VALUES.fullmatch(text) is None:
        raise FrameError("bad_number", f"{text[:40]!r} is no list of signed values")
    return VALUE.findall(text)


def _without_checksum(text: str) -> str:
    """Modules can append the sum of all characters before as two hexadecimal digits."""
    if len(text) % DCON_FIELD != 3 or len(text) < DCON_FIELD + 3:
        return text
    body, digits = text[:-2], text[-2:]
    fields = [body[at : at + DCON_FIELD] for at in range(1, len(body), DCON_FIELD)]
    if not all(VALUE.fullmatch(one) for one in fields):
        return text
    if f"{sum(body.encode()) & 0xFF:02X}" != digits:
        raise FrameError("bad_checksum", f"the checksum {digits!r} does not fit")
    return body


def _channels(
    values: Sequence[str], base: str, device: Device, rule: str, *, only_listed: bool
) -> list[Found | FrameError]:
    wanted = device.columns if only_listed else dict.fromkeys(range(len(values)), Column(unit=device.unit or "C"))
    several = len(values) > 1 or rule == "dcon"

    def channel(place: int, column: Column) -> Found:
        if place >= len(values):
            raise FrameError("too_few_columns", f"{len(values)} values, and column {place} is to be a temperature")
        text = values[place]
        if rule == "dcon" and (text in DCON_OUT_OF_BOUNDS or abs(float(text)) >= DCON_BROKEN):
            raise FrameError("sentinel", f"{text} says: outside of the sensor's range, or a broken wire")
        sensor_id = column.id or (f"{base}/{place}" if several else base)
        scale = device.scale if column.scale == 1.0 else column.scale
        return reading(sensor_id, float(text), column.unit, rule, scale=scale, invalid=device.invalid)

    return [attempted(channel, place, column) for place, column in sorted(wanted.items())]
