"""JSON objects, and arrays of them: `{"sensor_id": "S1", "suhu": 70.2}`."""

import json
from datetime import UTC, datetime
from typing import Any, NoReturn

from gateway.decode.found import Found, checked, to_celsius
from gateway.errors import FrameError

ID_KEYS = ("sensor_id", "sensor", "sensorid", "id", "device_id", "device", "name")
# Keys that name the quantity, and the unit each one implies.
TEMPERATURE_KEYS = {
    "suhu": "C", "temperature": "C", "temperatur": "C", "temp": "C", "celsius": "C",
    "suhu_c": "C", "temperature_c": "C", "temp_c": "C", "tempc": "C",
    "temperature_f": "F", "temp_f": "F", "tempf": "F", "fahrenheit": "F",
    "temperature_k": "K", "temp_k": "K", "kelvin": "K",
}  # fmt: skip
PREFERENCE = list(TEMPERATURE_KEYS)  # of several, the first is taken
UNIT_KEYS = ("unit", "satuan", "temp_unit", "tempunit")
UNITS = {
    "c": "C",
    "°c": "C",
    "celsius": "C",
    "cel": "C",
    "f": "F",
    "°f": "F",
    "fahrenheit": "F",
    "k": "K",
    "kelvin": "K",
}
TIME_KEYS = ("measured_at", "timestamp", "time", "waktu")
MAX_DEPTH = 16  # json.loads recurses: deeper input could end the process
MAX_READINGS = 1_000


def decode_json(text: str, default_id: str) -> list[Found]:
    """The temperatures of one JSON text.

    Raises:
        FrameError: it is not valid JSON, or an object in it has no single certain temperature.
    """
    if _depth(text) > MAX_DEPTH:
        raise FrameError("too_deep", f"nested deeper than {MAX_DEPTH}")
    try:
        document, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError) as exc:
        raise FrameError("bad_json", f"not valid JSON: {exc}") from None
    if end < len(text):
        raise FrameError("bad_json", f"not valid JSON: more after its end, at character {end + 1}")
    if isinstance(document, dict):
        return [_reading(document, default_id)]
    if not document or len(document) > MAX_READINGS:
        raise FrameError("no_temperature", f"an array of {len(document)} elements; 1 to {MAX_READINGS} are read")
    found = [_reading(element, default_id) for element in document]
    if len({one.sensor_id for one in found}) < len(found):
        raise FrameError("ambiguous", "two temperatures of one array have the same sensor id")
    return found


def _depth(text: str) -> int:
    """Upper bound of the nesting, 0 when it is surely small; brackets in strings count too, which is only stricter."""
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for character in text:
        if character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = {key.lower(): value for key, value in pairs}
    if len(fields) < len(pairs):
        msg = "the same key twice in one object"
        raise ValueError(msg)
    return fields


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _reading(fields: Any, default_id: str) -> Found:
    if not isinstance(fields, dict):
        raise FrameError("no_temperature", "an array element is not an object")
    named = [key for key in fields if key in TEMPERATURE_KEYS]
    if not named:
        raise FrameError("no_temperature", "no key names a temperature")
    if len(named) > 1:
        named.sort(key=PREFERENCE.index)
        values = [_celsius(fields, key) for key in named]
        if max(values) - min(values) > 0.06:  # °C and °F of one reading, each rounded to 0.1
            raise FrameError("ambiguous", f"{' and '.join(named)} disagree")
    return checked(_sensor_id(fields, default_id), _celsius(fields, named[0]), _measured_at(fields))


def _celsius(fields: dict[str, Any], key: str) -> float:
    value = fields[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FrameError("bad_number", f"{key} is {json.dumps(value)[:40]}, not a number")
    unit = TEMPERATURE_KEYS[key]
    for unit_key in UNIT_KEYS:
        if unit_key in fields and not key.endswith(("_c", "_f", "_k")):
            unit = UNITS.get(str(fields[unit_key]).strip().lower(), "")
            if not unit:
                raise FrameError("unknown_unit", f"{unit_key} is {fields[unit_key]!r}")
    try:
        return to_celsius(float(value), unit)
    except OverflowError:
        raise FrameError("out_of_range", f"{key} has {len(str(value))} digits") from None


def _sensor_id(fields: dict[str, Any], default_id: str) -> str:
    for key in ID_KEYS:
        value = fields.get(key)
        if isinstance(value, str) and (sensor_id := value.strip()):
            return sensor_id
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is not None:
            raise FrameError("bad_sensor_id", f"{key} is {json.dumps(value)[:40]}")
    return default_id


def _measured_at(fields: dict[str, Any]) -> datetime | None:
    """A time with its zone, as RFC 3339 text; a local or unreadable one is ignored: arrival is the better guess."""
    for key in TIME_KEYS:
        value = fields.get(key)
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                continue
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    return None
