"""Fields of a JSON object, each of them checked as it is taken."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from dashboard.errors import RecordError

MAX_VALUE_BYTES = 65_536  # no record of contracts/ has more than a few hundred
MAX_SENSOR_ID_CHARS = 128
LOWEST_CELSIUS, HIGHEST_CELSIUS = -273.15, 10_000.0
# Control characters, and halves of surrogate pairs, which no UTF-8 can hold.
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)

Fields = Mapping[str, Any]


def parse_object(value: bytes | None) -> Fields:
    """Read a record's value.

    Raises:
        RecordError: it is no JSON object.
    """
    if value is None or len(value) > MAX_VALUE_BYTES:
        raise RecordError("malformed", "no value, or a huge one")
    try:
        found = json.loads(value)
    except (ValueError, RecursionError) as exc:
        raise RecordError("malformed", "no JSON") from exc
    if not isinstance(found, dict):
        raise RecordError("malformed", "no JSON object")
    return found


def text(fields: Fields, name: str, max_chars: int) -> str:
    """A text that is not empty and that can be shown."""
    found = fields.get(name)
    if not isinstance(found, str) or not 1 <= len(found) <= max_chars or _UNFIT.search(found):
        raise RecordError("malformed", f"{name} is no text of 1 to {max_chars} characters")
    return found


def sensor_id(fields: Fields) -> str:
    """Whose record it is."""
    return text(fields, "sensor_id", MAX_SENSOR_ID_CHARS)


def number(fields: Fields, name: str) -> float:
    """A finite number."""
    found = fields.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise RecordError("malformed", f"{name} is no number")
    try:
        converted = float(found)
    except OverflowError:
        converted = math.inf
    if not math.isfinite(converted):
        raise RecordError("malformed", f"{name} is not finite")
    return converted


def celsius(fields: Fields, name: str) -> float:
    """A temperature that there can be."""
    found = number(fields, name)
    if not LOWEST_CELSIUS <= found <= HIGHEST_CELSIUS:
        raise RecordError("malformed", f"{name} is no temperature")
    return found


def choice(fields: Fields, name: str, allowed: frozenset[str]) -> str:
    """One of the words that there are."""
    found = fields.get(name)
    if not isinstance(found, str) or found not in allowed:
        raise RecordError("malformed", f"{name} is none of {', '.join(sorted(allowed))}")
    return found


def flag(fields: Fields, name: str) -> bool:
    """True where it is set; missing is false."""
    found = fields.get(name, False)
    if not isinstance(found, bool):
        raise RecordError("malformed", f"{name} is neither true nor false")
    return found


def instant_ms(fields: Fields, name: str) -> int:
    """A UTC time with milliseconds and Z, since 1970, as milliseconds."""
    found = fields.get(name)
    if not isinstance(found, str) or not _INSTANT.fullmatch(found):
        raise RecordError("malformed", f"{name} is no UTC time with milliseconds and Z")
    try:
        moment = datetime.fromisoformat(found)
    except ValueError as exc:
        raise RecordError("malformed", f"{name} is no time that there is") from exc
    whole_s = int((moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    if whole_s < 0:
        raise RecordError("malformed", f"{name} is before 1970")
    return whole_s * 1000 + moment.microsecond // 1000
