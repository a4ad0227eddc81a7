"""Lines that a regular expression takes apart: the user's own, and presets of known gateways."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gateway.decode.device import Device
from gateway.decode.found import Found, attempted, number, reading
from gateway.errors import FrameError

Form = Literal["decimal", "hex_sign_and_tenths", "bytes_less_1000"]


@dataclass(frozen=True, slots=True)
class Preset:
    """A line format as data. The group `t` is the value; the id is made of the other groups."""

    name: str
    pattern: re.Pattern[str]
    id: str  # behind the port's name, as str.format takes it
    form: Form
    scale: float = 1.0
    invalid: tuple[float, ...] = ()
    suffixes: Mapping[str, str] = field(default_factory=dict)  # of the id, by the group `channel`


# RFLink protocol reference: "high bit contains negative sign, needs division by 10"; WINTMP is a wind meter's.
RFLINK_HEAD = r"20;[0-9A-Fa-f]{2};(?P<model>[^;=]{1,40});(?:[^;]*;)*?ID=(?P<id>[0-9A-Za-z]{1,16});(?:[^;]*;)*?"
# LaCrosse sketches for JeeLink: `OK 9 <id> <type and new battery> <high> <low> <humidity>`; OK WS are weather stations.
PRESETS: Mapping[str, tuple[Preset, ...]] = {
    "rflink": (
        Preset(
            "rflink",
            re.compile(RFLINK_HEAD + r"TEMP=(?P<t>[0-9A-Fa-f]{1,4});.*"),
            "{model} {id}",
            "hex_sign_and_tenths",
        ),
        Preset(
            "rflink",
            re.compile(RFLINK_HEAD + r"WINTMP=(?P<t>[0-9A-Fa-f]{1,4});.*"),
            "{model} {id}/wind",
            "hex_sign_and_tenths",
        ),
    ),
    "jeelink_lacrosse": (
        Preset(
            "jeelink_lacrosse",
            re.compile(r"OK 9 (?P<id>[0-9]{1,3}) (?P<channel>[0-9]{1,3}) (?P<t>[0-9]{1,3} [0-9]{1,3}) [0-9]{1,3}"),
            "{id}",
            "bytes_less_1000",
            suffixes={"2": "/2", "130": "/2"},  # the second probe of a TX25U; 128 is a new battery
        ),
        Preset(
            "jeelink_lacrosse",
            re.compile(r"OK WS (?P<id>[0-9]{1,3}) [0-9]{1,3} (?P<t>[0-9]{1,3} [0-9]{1,3})(?: [0-9]{1,3})+"),
            "WS {id}",
            "bytes_less_1000",
        ),
    ),
    # MySensors serial API 2.x: node;child;command;ack;type;payload. Command 1 is `set`, type 0 V_TEMP; an ack of 1
    # is our own message coming back.
    "mysensors": (
        Preset(
            "mysensors",
            re.compile(r"(?P<node>[0-9]{1,3});(?P<child>[0-9]{1,3});1;0;0;(?P<t>[^;]*)"),
            "{node}/{child}",
            "decimal",
            invalid=(-127.0, -196.6),  # DallasTemperature without a probe
        ),
    ),
}


def decode_preset(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The temperatures of one line of a known gateway."""
    matches = [(one, match) for one in PRESETS[device.decoder] if (match := one.pattern.fullmatch(text)) is not None]
    if not matches:
        raise FrameError("not_a_reading", f"{text[:40]!r} is no message of {device.decoder} with a temperature")
    return [attempted(_preset_reading, one, match, base, device) for one, match in matches]


def _preset_reading(preset: Preset, match: re.Match[str], base: str, device: Device) -> Found:
    groups = match.groupdict()
    sensor_id = f"{base}/{preset.id.format(**groups)}{preset.suffixes.get(groups.get('channel', ''), '')}"
    return reading(sensor_id, FORMS[preset.form](match["t"]), device.unit or "C", preset.name, invalid=preset.invalid)


def _hex_sign_and_tenths(text: str) -> float:
    raw = int(text, 16)
    return (-(raw & 0x7FFF) if raw & 0x8000 else raw) / 10


def _bytes_less_1000(text: str) -> float:
    high, low = map(int, text.split())
    if high == low == 0:
        raise FrameError("sentinel", "0 0, -100 °C: no such sensor measures that")
    if high > 255 or low > 255:
        raise FrameError("bad_number", f"{text!r} are not two bytes")
    return (high * 256 + low - 1000) / 10


FORMS: Mapping[Form, Callable[[str], float]] = {
    "decimal": number,
    "hex_sign_and_tenths": _hex_sign_and_tenths,
    "bytes_less_1000": _bytes_less_1000,
}


def decode_pattern(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The temperature that the user's pattern finds; the frame's own terminator may be part of the pattern."""
    pattern = re.compile(device.pattern or "")
    match = pattern.search(text) or pattern.search(text + (device.terminator or ""))
    if match is None or match["t"] is None:
        raise FrameError("not_a_reading", f"{text[:40]!r} does not fit the pattern")
    groups = match.groupdict()
    value = number(re.sub(r"^\s*([+-])\s+", r"\1", match["t"]), device.decimal or ".")
    unit = groups.get("unit") or device.unit
    sensor_id = (groups.get("id") or "").strip() or base
    return [reading(sensor_id, value, unit, "regex", scale=device.scale, invalid=device.invalid)]
