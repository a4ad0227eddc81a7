"""Which numbers of a line are temperatures, and which of them are one reading in two units."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from gateway.decode.device import Device
from gateway.decode.found import to_celsius
from gateway.decode.text_fields import Field
from gateway.decode.vocabulary import LABELS, NUMBERED, is_foreign_unit, is_skipped, names_temperature
from gateway.errors import FrameError

LABEL_UNIT = re.compile(
    r"(?:^|(?<=[\s_])|(?<=[a-z])(?=[CFK\[(]))[\[(]?(?:°|º|\*|'|[Dd]eg(?:rees)?\.?\s?)?\s?(?P<unit>[CFKcfk])[)\]]?$"
)
COORDINATES = frozenset("ABDEGIJLMNQSUVWXYZ")  # beside one of these, `C: 5` and `F: 5` are letters, not units
GLUED = re.compile(r"[^\W\d_]{3}")  # `Temp C: 23.4Temp C: 23.5`
UNIT_LETTER = re.compile(r"[CFK](?=\W*$)|(?:celsius|fahrenheit|kelvin)$|[℃℉]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number of a line that is a temperature."""

    label: str  # without its unit; "" when nothing names it
    value: str
    unit: str | None  # C, F or K; None when the line does not say


def candidates_of(fields: Sequence[Field], device: Device) -> list[Candidate]:
    """The temperatures among the numbers of one line, in their order; °C and °F of one reading are one.

    Raises:
        FrameError: two units of one reading disagree, or a label and its number name different units.
    """
    found: list[Candidate] = []
    previous: Candidate | None = None
    was_skipped = False
    for place, field in enumerate(fields):
        if GLUED.match(field.after) is not None and not is_foreign_unit(field.after):
            raise FrameError("torn", f"{field.value}{field.after[:20]}: two lines that ran together")
        unit = _letter(field.unit)
        continues = place > 0 and not field.label and not field.separated and unit is not None
        if continues and was_skipped:
            continue  # the other unit of what was skipped
        if continues and previous is not None and previous.unit != unit:
            found[-1] = previous = _one_of_two(previous, Candidate(previous.label, field.value, unit), device)
            continue
        candidate = _candidate(field, fields, place, device)
        was_skipped = candidate is None
        previous = candidate
        if candidate is None:
            continue
        # `Sensor 0 C: 22.50 F: 72.50`, `Device 0 Temp C: 23.50 Temp F: 74.30`
        same = found and (
            candidate.label in {found[-1].label, ""}
            or re.fullmatch(rf"{NUMBERED.pattern} {re.escape(candidate.label)}", found[-1].label, re.IGNORECASE)
        )
        if same and {found[-1].unit, candidate.unit} == {"C", "F"}:
            found[-1] = _one_of_two(found[-1], candidate, device)
        else:
            found.append(candidate)
    return found


def _candidate(field: Field, fields: Sequence[Field], place: int, device: Device) -> Candidate | None:
    unit = _letter(field.unit)
    label, label_unit = _without_unit(field.label)
    if _is_one_of(field.label, device.accept_labels):
        return Candidate(field.label, field.value, unit)
    if is_skipped(field.label) or _is_one_of(field.label, device.skip_labels) or _is_something_else(field):
        return None
    if unit is not None and label_unit is not None and unit != label_unit:
        raise FrameError("ambiguous", f"{field.label!r} and the unit after its number differ")
    candidate = Candidate(label, field.value, unit or label_unit)
    if label_unit in {"C", "F"} and field.separated and not names_temperature(label):
        return None if COORDINATES & {one.label for one in fields} else candidate
    if names_temperature(label):
        return candidate if field.separated or field.strong or len(fields) == 1 else None
    if field.strong:
        return replace(candidate, label="" if re.search("[0-9]{3}", label) else label)
    if unit in {"C", "F"} and _is_surely_a_unit(field, fields, place):
        return replace(candidate, label=label if field.separated or not re.search("[0-9]", label) else "")
    return None


def _is_surely_a_unit(field: Field, fields: Sequence[Field], place: int) -> bool:
    """A plain C or F after a number: hexadecimal digits look the same (`CRC=7F`)."""
    if field.alone:
        return True
    if field.separated:
        return re.search("[.,]", field.value) is not None or len(fields) == 1
    if len(fields) == 1:
        return not str(field.unit)[0].isspace() and re.search("[.,]", field.value) is not None
    following = fields[place + 1] if len(fields) > place + 1 else field
    return not following.label and {_letter(field.unit), _letter(following.unit)} == {"C", "F"}


def _is_something_else(field: Field) -> bool:
    """What follows the number makes it a percentage, a voltage, a fraction, an invalid value ..."""
    if field.unit is not None or not field.after:
        return False
    if not field.after[0].isspace():
        return field.after not in {'"', "'"}
    word = field.after.strip().lower()
    return is_foreign_unit(word) or not word[0].isalpha() or (len(word) <= 2 and word != "ok")


def _one_of_two(first: Candidate, second: Candidate, device: Device) -> Candidate:
    """One reading in two units: the Celsius one.

    Each may be rounded, or cut, at its last digit.
    """
    try:
        a, b = (to_celsius(float(one.value.replace(",", ".")), one.unit or device.unit) for one in (first, second))
    except ValueError:
        raise FrameError("bad_number", f"{first.value} and {second.value} are not both numbers") from None
    if not abs(a - b) <= _digit(first.value) + _digit(second.value):
        raise FrameError("ambiguous", f"{first.value} {first.unit} and {second.value} {second.unit} disagree")
    return second if second.unit == "C" else first


def _digit(value: str) -> float:
    """The worth of the last digit of a number, and a little for its conversion."""
    fraction = re.split("[.,]", value)[1:]
    return 10.0 ** -len(fraction[0]) + 0.005 if fraction else 1.0


@lru_cache(LABELS)
def _without_unit(label: str) -> tuple[str, str | None]:
    """`Temp C`, `temp_f`, `tempC`, `Temp (°C)`, `C` -> the name, and the unit at its end."""
    match = LABEL_UNIT.search(label)
    if match is None:
        return label, None
    name = label[: match.start()].rstrip(" _")
    is_name = not name or names_temperature(name) or NUMBERED.search(name) is not None
    return (name, match["unit"].upper()) if is_name else (label, None)


def _is_one_of(label: str, names: Sequence[str]) -> bool:
    return bool(names) and label.lower() in {name.lower() for name in names}


@lru_cache(LABELS)
def _letter(unit: str | None) -> str | None:
    match = UNIT_LETTER.search(unit) if unit else None
    if match is None:
        return None
    return {"℃": "C", "℉": "F"}.get(match[0]) or match[0][0].upper()
