"""Lines of text for people: `S1 70.25`, `Temp C: 23.50 Temp F: 74.30`, `RH= 38.3 %RH T= 31.1 'C`.

A number is a temperature only when its label names one or its unit is one; see docs/devices.md.
"""

import re
from collections.abc import Sequence

from gateway.decode.candidates import candidates_of
from gateway.decode.device import Device
from gateway.decode.found import COMMA_NUMBER, NUMBER, UNIT, Found, attempted, number, reading
from gateway.decode.text_fields import HEX_DUMP, STRONG_UNIT, split_fields
from gateway.decode.vocabulary import NUMBERED
from gateway.errors import FrameError

BARE = re.compile(rf"(?P<value>{NUMBER})\s*(?P<unit>{UNIT})?", re.IGNORECASE)
BARE_COMMA = re.compile(rf"(?P<value>{COMMA_NUMBER})\s*(?P<unit>{UNIT})?", re.IGNORECASE)
HEX_BYTE = re.compile("[0-9][CFcf]")
ID_PREFIX = "(?:s|t|sensor|suhu|temp|mesin|machine|probe)[-_]?"
# A name alone does not make its number a temperature (`CO2 412`): only names that people give to
# temperature channels count, and only with a number of their own.
ID_VALUE = re.compile(
    rf"(?P<id>{ID_PREFIX}[0-9]{{1,6}})\s+(?P<value>{NUMBER})\s*(?P<unit>{UNIT})?",
    re.IGNORECASE,
)
# A sensor's own name: hexadecimal for ROM codes and MAC addresses, else one word.
NAMED = re.compile(
    r"\b(?P<key>(?:device |rom |mac )?(?:address|addr)|rom|sensor[_-]?id|sensor|id|mac|serial|s/?n)\s*[:=]\s*"
    r"(?![+-]?[0-9]+[.,][0-9])(?P<id>[0-9A-Fa-f]{2}(?:[ :-][0-9A-Fa-f]{2}){5,7}\b|[^\s,;:=|]+)",
    re.IGNORECASE,
)
UNIT_FIELD = re.compile(r"\b(?:temp_?)?(?:units?|satuan)\s*[:=]\s*\"?(?P<unit>[^\s,;:=\"]+)\"?", re.IGNORECASE)
GENERIC = re.compile(r"t|temp\.?|temps|temperature|temperatur|temperatura|suhu", re.IGNORECASE)
PREFIX = re.compile(r"^(?:got|read|the)\s+", re.IGNORECASE)
HEAD = re.compile(r"[^:=]{0,40}[A-Za-z][^:=]{0,20}[:=]\s?")
# `TTemp: 20`, `TeTemp: 20`; but `TT1` is a transmitter in a plant.
TWICE_BEGUN = re.compile(r"([A-Z])(?=\1[a-z])|(?P<begun>[A-Z][a-z][^:=]{0,30})(?P=begun)")
DALLAS_DISCONNECTED_CELSIUS = -127.0  # DEVICE_DISCONNECTED_C of DallasTemperature; -196.6 °F is the same
NO_DEVICE = Device()


def decode_text(text: str, name: str, configured_id: str | None, device: Device = NO_DEVICE) -> list[Found]:
    """The temperatures of one line, at least one.

    Args:
        text: cleaned, stripped and not empty.
        name: stands before the label in the id of a labelled temperature, such as the port's name.
        configured_id: in place of `name`, and the id of a number that has no label; without it such a
            number is refused.
        device: what the user says of the format.

    Raises:
        FrameError: no number of the line is a temperature beyond doubt.
    """
    found = read_text(text, name, configured_id, device)
    good = [one for one in found if isinstance(one, Found)]
    if not good:
        raise next(one for one in found if isinstance(one, FrameError))
    return good


def is_number_alone(text: str, device: Device) -> bool:
    """Whether a line is one number without a label or a unit."""
    bare = (BARE_COMMA if device.decimal == "," else BARE).fullmatch(text)
    return bare is not None and bare["unit"] is None


def read_text(text: str, name: str, configured_id: str | None, device: Device) -> list[Found | FrameError]:
    """As `decode_text`, with the temperatures that are named but cannot be used among the others, as errors."""
    if (match := ID_VALUE.fullmatch(text)) is not None:
        return [_reading(match["id"], match["value"], match["unit"] or device.unit, device)]
    if HEX_BYTE.fullmatch(text) is not None:
        raise FrameError("ambiguous", f"{text}: a temperature or a byte in hexadecimal?")
    bare = BARE_COMMA if device.decimal == "," else BARE
    if (match := bare.fullmatch(text)) is not None:
        if configured_id is None and match["unit"] is None:
            raise FrameError("no_sensor_id", "a number alone: give this port or topic a sensor_id to read it")
        return [_reading(configured_id or name, match["value"], match["unit"] or device.unit, device)]
    return _labelled(text, configured_id or name, configured_id, device)


def _check_not_glued(text: str) -> None:
    """A line whose beginning stands in it again, directly behind a number or a cut word, is two.

    Raises:
        FrameError: it is; which of its numbers are whole cannot be said.
    """
    head = HEAD.match(text)
    if head is None:
        return
    label = head[0].rstrip()
    again = text.find(label, len(label))
    if (again >= 0 and _is_cut_before(text, label, again)) or TWICE_BEGUN.match(text) is not None:
        raise FrameError("torn", f"{label!r} begins twice: two lines that ran together")


def _is_cut_before(text: str, label: str, again: int) -> bool:
    word = re.search(r"([^\W\d_]+)\s?$", text[:again])
    if word is None:
        return text[again - 1] in "0123456789.:=*[+-%"
    if word[0] == word[1] and word.start() > 0 and text[word.start() - 1] in "0123456789[*%°'":  # a unit stands between
        return True
    # `ObjeAmbient = 20 Object = 21`, but not `WaterTemp`, nor `OutTemp` beside `OutHum`
    others = f"{text[: word.start()]}\n{text[again + len(label) :]}"
    return re.search(rf"\b{word[1]}(?:[a-zß-ÿ]|\s?[:=])", others) is not None


def _labelled(text: str, base: str, configured_id: str | None, device: Device) -> list[Found | FrameError]:
    _check_not_glued(text)
    text, line_unit = _without_unit_field(text)
    named = {match["id"] for match in NAMED.finditer(text)}
    if len(named) > 1:
        raise FrameError("ambiguous", "two sensor ids on one line")
    fields = split_fields(NAMED.sub(", ", text) if named else text)
    if not fields:
        raise FrameError("not_understood", f"{text[:40]!r}: no number with a label or a temperature unit")
    if HEX_DUMP.search(text) is not None and not all(field.strong for field in fields):
        raise FrameError("not_understood", "a line with a dump of bytes is no reading")
    candidates = candidates_of(fields, device)
    if not candidates:
        raise FrameError("no_temperature", "no label or unit on the line names a measured temperature")
    sensor = _sensor(named, [field.label for field in fields], base)
    ids = [
        _id(one.label, place if len(candidates) > 1 else 0, base, configured_id, sensor)
        for place, one in enumerate(candidates, 1)
    ]
    if len({one.lower() for one in ids}) < len(ids):
        raise FrameError("ambiguous", f"two temperatures on one line have the id {ids[0]!r}")
    return [
        attempted(_reading, sensor_id, one.value, one.unit or line_unit or device.unit, device)
        for sensor_id, one in zip(ids, candidates, strict=True)
    ]


def _without_unit_field(text: str) -> tuple[str, str | None]:
    """`temp: 23.5 unit: F`: the line without its last part, and F."""
    match = UNIT_FIELD.search(text)
    if match is None:
        return text, None
    if re.fullmatch(STRONG_UNIT, match["unit"]) is None and match["unit"].upper() not in {"C", "F", "K"}:
        raise FrameError("unknown_unit", f"the line says that its unit is {match['unit'][:20]!r}")
    return text[: match.start()] + ", " + text[match.end() :], match["unit"].upper()


def _sensor(named: set[str], labels: Sequence[str], base: str) -> str | None:
    """The id that the line gives its sensor: a name or hardware address as it is, a short number behind the port."""
    numbered = {match["id"] for label in labels if (match := NUMBERED.search(label)) is not None}
    ids = named or numbered
    if len(ids) != 1:
        return None
    (sensor,) = ids
    if re.fullmatch("[0-9]{1,4}", sensor):
        return f"{base}/{sensor}"
    return re.sub(r"(?<=[0-9A-Fa-f]{2})[ ](?=[0-9A-Fa-f]{2})", "", sensor.strip("'\""))


def _id(label: str, place: int, base: str, configured_id: str | None, sensor: str | None) -> str:
    """The id of one temperature; `place` is its place among several of a line, or 0."""
    label = PREFIX.sub("", label)
    if (own := NUMBERED.search(label)) is not None:
        return f"{base}/{own['id']}"
    if sensor is not None and place == 0:
        return sensor
    if re.search(r"(?<!\S)[0-9][0-9.]*\s", label):
        raise FrameError("ambiguous", f"{label[:40]!r}: is the number in the label a counter or a sensor?")
    if not label:
        return f"{base}/{place}" if place else base
    if place == 0 and configured_id is not None and GENERIC.fullmatch(label):
        return configured_id
    return f"{sensor or base}/{label}"


def _reading(sensor_id: str, text: str, unit: str | None, device: Device) -> Found:
    if re.fullmatch(r"[+-]?[0-9]+,[0-9]{3}", text) and device.decimal != ",":
        raise FrameError("ambiguous", f'{text}: is that comma the decimal one? Say it with decimal = ","')
    comma = device.decimal == "," or (device.decimal is None and "," in text)
    value = number(text, "," if comma else ".")
    found = reading(sensor_id, value, unit, "text", scale=device.scale, invalid=device.invalid)
    if device.device is None and abs(found.celsius - DALLAS_DISCONNECTED_CELSIUS) < 0.001:
        raise FrameError(
            "sentinel", "-127 °C is what a DS18B20 without contact gives; if it is real, say which `device`"
        )
    return found
