"""Temperatures in a document of any shape: keys name them, objects around them say whose, in which unit and when."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway.decode.document import moment, number, unit_letter
from gateway.decode.found import Found, checked, to_celsius
from gateway.decode.json_trouble import TROUBLE_KEYS, trouble
from gateway.decode.profile import DS18B20, GENERIC, Profile, judged
from gateway.decode.quantity import OTHER, Named, denies, holds_no_readings, measured, tokens
from gateway.errors import FrameError

MAX_READINGS = 1_000
# Who it is, hardware first; in lower case.
ID_KEYS = (
    "sensor_id", "sensorid", "dev_eui", "deveui", "hardware_serial", "ieeeaddr", "ieee_address", "mac", "mac_address",
    "rom", "id", "device_id", "deviceid", "device-id", "sensor-id", "node_id", "node-id", "uid", "uuid",
    "addr", "address", "serial", "sn", "sensor", "device", "devicename", "device_name", "displayname", "nodeid",
    "name", "tag",
)  # fmt: skip
NAMES = frozenset({"device", "devicename", "device_name", "displayname", "name", "tag", "sensor"})
UNIT_KEYS = ("unit", "units", "satuan", "temp_unit", "tempunit", "temperature_unit", "unit_of_measurement", "uom", "u")
TIME_KEYS = ("measured_at", "sourcetimestamp", "timestamp", "time", "ts", "waktu", "datetime", "t", "last_updated")
VALUE_KEYS = ("value", "val", "v", "actual", "current", "measured", "reading", "body", "ist")
KIND_KEYS = (
    "type", "quantity", "kind", "measurement", "parameter", "metric", "field", "key", "device_class", "sensor_type",
    "sensor", "name", "label", "displayname", "nodeid", "tag", "id", "n",
)  # fmt: skip
SPECIAL = frozenset((*TROUBLE_KEYS, *ID_KEYS, *UNIT_KEYS, *TIME_KEYS, *VALUE_KEYS))
# Levels that only wrap: they tell nothing of a sensor.
WRAPPERS = frozenset({
    "data", "payload", "values", "value", "object", "params", "print", "state", "reported", "d", "sensors", "sensor",
    "readings", "reading", "measurements", "status", "result", "message", "msg", "body", "fields", "statussns",
    "telemetry", "main", "temperature", "temperatures", "temp", "suhu", "decoded", "messages", "attributes", "current",
})  # fmt: skip
# Keys that are the identity of hardware: 1-Wire ROM codes, MAC and IEEE addresses, names that end in half a MAC.
HARDWARE = re.compile(
    r"(?:28|10|22|3b)-[0-9a-f]{2,4}-?[0-9a-f-]{4,14}|0x[0-9a-f]{4}(?:[0-9a-f]{12})?|(?:[0-9a-f]{2}[:-]?){6,8}|"
    r"[a-z0-9_]+-[0-9a-f]{6}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a part of a document has from the parts around it."""

    device: str  # whose temperature it is when the part names nobody
    path: tuple[str, ...] = ()  # from there to here
    unit: str | None = None
    measured_at: datetime | None = None
    kind: str = ""  # what an outer key calls the numbers in here; "" when none names a temperature
    composes: bool = True  # the device is known, so that a name or a short number is only a part of it
    seconds: bool = False  # its times are seconds since 1970, see `moment`
    profile: Profile = GENERIC


@dataclass(frozen=True, slots=True)
class Hit:
    """A temperature before its id is made."""

    place: Place
    channel: str
    celsius: float
    suspect: bool


@dataclass(slots=True)
class Harvest:
    """What a walk collects."""

    hits: list[Hit] = field(default_factory=list)
    refused: list[FrameError] = field(default_factory=list)


def harvest(document: Any, place: Place, into: Harvest) -> None:
    """Collect the temperatures of a document (as of `parse`, which bounds its depth)."""
    if isinstance(document, list):
        for element in document:  # a place in a list is no identity: it moves when a sensor is added
            harvest(element, place, into)
    elif isinstance(document, dict) and document:
        _object(document, place, into)


def _object(node: dict[str, Any], outer: Place, into: Harvest) -> None:
    fields = {key.lower(): value for key, value in node.items()}
    place = outer
    if not SPECIAL.isdisjoint(fields):
        if (what := trouble(fields)) is not None:
            into.refused.append(FrameError("bad_quality", what))
            return
        place = _inner(fields, outer)
        if not place.kind and any(key in fields for key in VALUE_KEYS):
            place = _declared(fields, place, into)
    groups: dict[tuple[str, ...], list[tuple[str, Named]]] = {}
    for key, value in node.items():
        named = _named(key, value, fields, place)
        if named is not None and not isinstance(value, dict | list):
            groups.setdefault(named.group, []).append((key, named))
        elif isinstance(value, dict | list) and not holds_no_readings(key):
            kind = key if (named or place.kind) and OTHER.isdisjoint(tokens(key)) else ""
            unit = (named.unit if named else None) or place.unit
            profile = _profile(place.profile, key)
            child = replace(place, path=(*place.path, key), kind=kind, unit=unit, profile=profile)
            if HARDWARE.fullmatch(key):
                child = replace(child, device=key, path=())
            harvest(value, child, into)
    for names in groups.values():
        _collect(node, names, place, into)


def _inner(fields: dict[str, Any], outer: Place) -> Place:
    """The place of what stands in an object."""
    unit = outer.unit
    for key in UNIT_KEYS:
        if (written := fields.get(key)) is not None and isinstance(written, str):
            # A unit of another quantity makes its number no temperature, see _number.
            unit = unit_letter(written) or written
            break
    when = next((at for key in TIME_KEYS if (at := moment(fields.get(key), seconds=outer.seconds))), outer.measured_at)
    device, path = _identity(fields, outer)
    if unit == outer.unit and when is outer.measured_at and device == outer.device and path == outer.path:
        return outer
    return replace(outer, unit=unit, measured_at=when, device=device, path=path)


def _identity(fields: dict[str, Any], outer: Place) -> tuple[str, tuple[str, ...]]:
    for key in ID_KEYS:
        value = fields.get(key)
        if isinstance(value, str) and (text := value.strip()):
            if (kind := measured(text)) is not None and not kind.channel:
                continue  # names the quantity, not the sensor
            if text == outer.device:
                return outer.device, outer.path
            if (outer.composes and key in NAMES) or (len(text) <= 3 and outer.path):
                return outer.device, (*outer.path, text)
            return text, ()
        if isinstance(value, int) and not isinstance(value, bool):
            if outer.path and outer.path[-1].endswith(str(value)):
                return outer.device, outer.path
            if outer.composes or outer.path:
                return outer.device, (*outer.path, str(value))
            return str(value), ()
        if value is not None and key == "sensor_id":
            raise FrameError("bad_sensor_id", f"{key} is no text")
    return outer.device, outer.path


def _declared(fields: dict[str, Any], place: Place, into: Harvest) -> Place:
    """An object that says in another key what its value is: `{"name": "Temp1", "value": 23.5, "unit": "C"}`."""
    kinds = [(key, value) for key in KIND_KEYS if isinstance(value := fields.get(key), str)]
    named = next((named for _, kind in kinds if (named := measured(kind)) is not None), None)
    if named is None and (place.unit not in {"C", "F"} or not any(key in fields for key in UNIT_KEYS)):
        return place
    for key, kind in kinds:
        if holds_no_readings(kind) or (key in NAMES and denies(kind)):
            into.refused.append(FrameError("not_measured", f"{kind[:40]!r} is no measurement"))
            return place
    return replace(place, kind="temperature", unit=place.unit or (named.unit if named else None))


def _named(key: str, value: Any, fields: dict[str, Any], place: Place) -> Named | None:
    named = measured(key)
    if named is not None:
        # Where a set-point goes by the plain name, the measured one says so.
        if not named.channel and not {"current_temperature", "local_temperature"}.isdisjoint(fields):
            return None
        return named
    if not place.kind:
        return None
    low = key.lower()
    if low in VALUE_KEYS or (low in {"c", "f", "k"} and len(fields) <= 4):
        return Named("", low.upper() if low in {"c", "f", "k"} else None, ())
    return Named(key, None, (key,)) if key.isdigit() else None


def _collect(node: dict[str, Any], names: list[tuple[str, Named]], place: Place, into: Harvest) -> None:
    """One reading of the keys that name the same one, °C before °F."""
    hits = []
    for key, named in sorted(names, key=lambda one: (one[1].unit or "C") != "C"):
        try:
            hits.append(_hit(node[key], key, named, place))
        except FrameError as exc:
            into.refused.append(exc)
            if exc.reason in {"sentinel", "out_of_range"}:
                return  # its twin is the same sentinel in another unit
    if not hits:
        return
    warmest, coldest = max(one.celsius for one in hits), min(one.celsius for one in hits)
    if warmest - coldest > 0.6:  # each may be rounded to whole degrees of its unit
        into.refused.append(FrameError("ambiguous", f"{' and '.join(key for key, _ in names)} disagree"))
        return
    if len(into.hits) >= MAX_READINGS:
        raise FrameError("too_many", f"more than {MAX_READINGS} temperatures in one message")
    into.hits.append(hits[0])


def _hit(value: Any, key: str, named: Named, place: Place) -> Hit:
    read = number(value)
    if read is None:
        raise FrameError("bad_number", f"{key} is {str(value)[:40]!r}, not a number")
    unit = read[1] or (named.unit if named.unit else place.unit)
    if unit is not None and unit_letter(unit) is None and read[1] is None:
        raise FrameError("unknown_unit", f"the unit is {unit[:20]!r}")
    celsius = to_celsius(read[0], unit)
    suspect = judged(_profile(place.profile, f"{place.device}/{key}"), read[0], celsius)
    return Hit(place, named.channel, celsius, suspect)


def _profile(outer: Profile, name: str) -> Profile:
    """That of a DS18B20 where a name or a ROM code (family 28) says that it is one."""
    low = name.lower()
    return DS18B20 if outer is GENERIC and ("ds18" in low or "/28-" in f"/{low}") else outer


def identified(hits: list[Hit], rule: str) -> list[Found]:
    """The readings with their ids: the short ones where they differ, else those with every name on the way.

    Raises:
        FrameError: two of one moment are not told apart by any name.
    """
    short = [_id(hit, [part for part in hit.place.path if part.lower() not in WRAPPERS]) for hit in hits]
    ids = short if _differ(hits, short) else [_id(hit, list(hit.place.path)) for hit in hits]
    if not _differ(hits, ids):
        raise FrameError("ambiguous", "two temperatures of one message have the same sensor id")
    return [
        replace(checked(sensor_id, hit.celsius, hit.place.measured_at), suspect=hit.suspect, rule=rule)
        for sensor_id, hit in zip(ids, hits, strict=True)
    ]


def _differ(hits: list[Hit], ids: list[str]) -> bool:
    """Whether no two are the same sensor at the same time; a series of one sensor is fine."""
    return len({(one, hit.place.measured_at) for one, hit in zip(ids, hits, strict=True)}) == len(hits)


def _id(hit: Hit, path: list[str]) -> str:
    return "/".join(part for part in (hit.place.device, *path, hit.channel) if part)
