"""JSON texts to documents, and the scalars in them: numbers, units, moments. Strict where Python's json is not."""

import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

from gateway.decode.found import NUMBER, UNIT
from gateway.errors import FrameError

MAX_DEPTH = 16  # json.loads recurses: deeper input could end the process
WITH_UNIT = re.compile(rf"({NUMBER})\s*({UNIT})?", re.IGNORECASE)
EARLIEST_S = 1_000_000_000  # 2001: what is less may count from a device's start
LATEST_S = 4_102_444_800  # 2100
UNITS = {
    "c": "C", "°c": "C", "ºc": "C", "℃": "C", "cel": "C", "celsius": "C", "degc": "C", "deg c": "C", "centigrade": "C",
    "metric": "C", "imperial": "F",
    "f": "F", "°f": "F", "ºf": "F", "℉": "F", "fahrenheit": "F", "degf": "F", "deg f": "F",
    "k": "K", "°k": "K", "kelvin": "K",
}  # fmt: skip


def parse(text: str) -> Any:
    """The document in a whole JSON text.

    Raises:
        FrameError: it is not valid JSON (nor are NaN and a key given twice), or nested too deeply.
    """
    if _depth(text) > MAX_DEPTH:
        raise FrameError("too_deep", f"nested deeper than {MAX_DEPTH}")
    try:
        document, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError) as exc:
        raise FrameError("bad_json", f"not valid JSON: {exc}") from None
    if end < len(text):
        raise FrameError("bad_json", f"not valid JSON: more after its end, at character {end + 1}")
    return document


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
    fields = dict(pairs)
    if len(fields) < len(pairs):
        msg = "the same key twice in one object"
        raise ValueError(msg)
    return fields


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def number(value: Any) -> tuple[float, str | None] | None:
    """A number and its unit as written (`21.4`, `"21.4"`, `"21.4 °C"`); None for all else, true and false too.

    Raises:
        FrameError: it is larger than any float.
    """
    if isinstance(value, str):
        match = WITH_UNIT.fullmatch(value.strip())
        return (float(match[1]), match[2]) if match else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value), None
    except OverflowError:
        raise FrameError("out_of_range", f"a number of {len(str(value))} digits") from None


def unit_letter(value: Any) -> str | None:
    """C, F or K for a unit as people write it; None when it is none of temperature."""
    return UNITS.get(value.strip().lower()) if isinstance(value, str) else None


def moment(value: Any, *, seconds: bool = False) -> datetime | None:
    """When something was measured: RFC 3339 text with its zone, or milliseconds since 1970.

    Args:
        value: of a key that names a time.
        seconds: the format defines seconds since 1970; elsewhere such a number may count from a device's start.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            read = datetime.fromisoformat(value)
        except ValueError:
            match = re.fullmatch(NUMBER, value)
            return moment(float(value), seconds=seconds) if match else None
        return read.astimezone(UTC) if read.tzinfo is not None and read.year > 1 else None
    if not isinstance(value, int | float):
        return None
    if seconds and EARLIEST_S <= value < LATEST_S:
        return datetime.fromtimestamp(value, UTC)
    if EARLIEST_S * 1000 <= value < LATEST_S * 1000:
        return datetime.fromtimestamp(value / 1000, UTC)
    return None
