"""SenML (RFC 8428): a list of records; base name, time, unit and value carry over from one to the next."""

from datetime import datetime
from typing import Any

from gateway.decode.document import moment, number
from gateway.decode.found import Found, checked, to_celsius
from gateway.decode.profile import GENERIC, judged
from gateway.decode.quantity import denies
from gateway.errors import FrameError

UNITS = {"Cel": "C", "K": "K"}  # "F" is farad there
VERSION = 10
RELATIVE_BELOW_S = 2**28  # smaller times count from now


def is_senml(document: Any) -> bool:
    """Whether it has the shape: records with a name of their own or of a base, and a value or unit."""
    return (
        isinstance(document, list)
        and bool(document)
        and isinstance(first := document[0], dict)
        and ("bn" in first or "n" in first)
        and any(isinstance(one, dict) and ("v" in one or "vs" in one or "vb" in one) for one in document)
        and not any(key in first for key in ("value", "name", "id"))
    )


def decode_senml(document: Any) -> list[Found]:
    """The temperatures of a pack, at least one.

    Raises:
        FrameError: it has none, or asks for something that is not understood.
    """
    if not isinstance(document, list):
        raise FrameError("not_understood", "a SenML pack is a list")
    base: dict[str, Any] = {}
    found: list[Found] = []
    refused: list[FrameError] = []
    for record in document:
        if not isinstance(record, dict):
            raise FrameError("not_understood", "a SenML record is an object")
        if unknown := next((key for key in record if key.endswith("_")), None):
            raise FrameError("not_understood", f"the SenML key {unknown[:20]!r} must be understood, and is not")
        base.update({key: value for key, value in record.items() if key in {"bn", "bt", "bu", "bv", "bver"}})
        try:
            if (one := _found(record, base)) is not None:
                found.append(one)
        except FrameError as exc:
            refused.append(exc)
    if found:
        return found
    raise refused[0] if refused else FrameError("no_temperature", "no SenML record in Cel or K")


def _found(record: dict[str, Any], base: dict[str, Any]) -> Found | None:
    unit = UNITS.get(str(record.get("u", base.get("bu"))))
    if unit is None or ("v" not in record and "bv" not in base) or not {"vs", "vb", "vd"}.isdisjoint(record):
        return None
    if (number(base.get("bver", VERSION)) or (VERSION + 1.0,))[0] > VERSION:
        raise FrameError("not_understood", "a version of SenML that is not known")
    name = f"{base.get('bn', '')}{record.get('n', '')}"
    if denies(str(record.get("n", ""))):
        raise FrameError("not_measured", f"{name[:40]!r} is no measurement")
    value = number(record.get("v", 0.0))
    offset = number(base.get("bv", 0.0))
    if value is None or offset is None or isinstance(record.get("v"), str):
        raise FrameError("bad_number", f"the value of {name[:40]!r} is no number")
    kelvin_or_celsius = value[0] + offset[0]
    celsius = to_celsius(kelvin_or_celsius, unit)
    suspect = judged(GENERIC, kelvin_or_celsius, celsius)
    one = checked(name.strip(), celsius, _time(record, base))
    return Found(one.sensor_id, one.celsius, one.measured_at, suspect, rule="senml")


def _time(record: dict[str, Any], base: dict[str, Any]) -> datetime | None:
    parts = [number(base.get("bt", 0.0)), number(record.get("t", 0.0))]
    total = sum(part[0] for part in parts if part is not None)
    return moment(total, seconds=True) if total >= RELATIVE_BELOW_S else None
