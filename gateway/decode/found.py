"""What a decoder finds: a temperature in degrees Celsius and whose it is."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.errors import FrameError
from gateway.model import ABSOLUTE_ZERO_CELSIUS

HOTTEST_SENSOR_CELSIUS = 2_500.0  # tungsten-rhenium ends at 2,320; what lies beyond is a broken number
MAX_ID_CHARACTERS = 128

# float() also takes "nan", "1_000" and Arabic digits, none of which a thermometer prints.
NUMBER = r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,12})?(?:[eE][+-]?[0-9]{1,3})?"
COMMA_NUMBER = r"[+-]?[0-9]{1,12}(?:,[0-9]{1,12})?"
WHOLE_NUMBER = {".": re.compile(NUMBER), ",": re.compile(COMMA_NUMBER)}

# Unit signs as devices print them; the degree sign has many look-alikes (devices.md 6.3).
UNIT = r"(?:[°º˚*'’]|deg(?:rees)?\.?)?\s?(?:celsius|fahrenheit|kelvin|[CFK])\b|[℃℉]"


# The commonest spellings; all others are taken apart.
LETTERS = {None: "C", "C": "C", "°C": "C", "℃": "C", "F": "F", "°F": "F", "℉": "F", "K": "K"}


@dataclass(frozen=True, slots=True)
class Found:
    """One temperature in a frame."""

    sensor_id: str
    celsius: float
    measured_at: datetime | None = None  # aware; None when the frame carries no time
    suspect: bool = False  # a real value of this device, and also what it prints when something is wrong
    rule: str = field(default="", compare=False)  # what recognised it, for a person
    unit: str = field(default="C", compare=False)  # C, F or K: what the device gave it in


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes that gave no reading although they are a whole frame."""

    reason: str  # stable code, see FrameError
    detail: str  # for a person
    raw: bytes  # as they arrived


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder made of some bytes, in their order."""

    found: list[Found]
    refused: list[Refused]

    def add(self, outcome: Iterable[Found | FrameError], raw: bytes) -> None:
        """What one frame gave: its temperatures, and its channels that gave none."""
        for one in outcome:
            if isinstance(one, Found):
                self.found.append(one)
            else:
                self.refused.append(Refused(one.reason, str(one), raw))


def to_celsius(value: float, unit: str | None) -> float:
    """Convert from the unit as written (`°F`, `kelvin`, `C`); None means Celsius.

    Results are rounded to 6 decimals, so that 74.3 °F does not carry binary noise.
    """
    match LETTERS.get(unit) or _unit_letter(str(unit)):
        case "F":
            return round((value - 32) / 1.8, 6)
        case "K":
            return round(value - 273.15, 6)
        case _:
            return value


def _unit_letter(unit: str) -> str:
    word = re.search(r"(celsius|fahrenheit|kelvin|[CFK])\W*$", unit, re.IGNORECASE)
    return word.group(1)[0].upper() if word else "C"


def number(text: str, decimal: str = ".") -> float:
    """A number as devices print it, white space around it allowed.

    Raises:
        FrameError: it is not a number of that form.
    """
    text = text.strip()
    if WHOLE_NUMBER[decimal].fullmatch(text) is None:
        raise FrameError("bad_number", f"{text[:40]!r} is no number")
    return float(text.replace(",", "."))


def reading(
    sensor_id: str, value: float, unit: str | None, rule: str, *, scale: float = 1.0, invalid: Sequence[float] = ()
) -> Found:
    """A Found of a value as the device gives it.

    Args:
        sensor_id: whose it is.
        value: before scaling and conversion.
        unit: its unit after scaling; None means Celsius.
        rule: what recognised it.
        scale: what to multiply the value with.
        invalid: values, before scaling, by which the device says that it has none.

    Raises:
        FrameError: it is one of `invalid`, or outside the limits of a temperature.
    """
    check_valid(value, invalid)
    scaled = value if scale == 1.0 else round(value * scale, 9)  # 0.1 * 3 would carry binary noise
    letter = LETTERS.get(unit) or _unit_letter(str(unit))
    celsius = to_celsius(scaled, letter)
    if celsius == ABSOLUTE_ZERO_CELSIUS:
        raise FrameError("sentinel", "0 K: an input without a sensor")
    checked(sensor_id, celsius)
    return Found(sensor_id, celsius, rule=rule, unit=letter)


def check_valid(value: float, invalid: Sequence[float]) -> None:
    """Refuse the values, before scaling, by which a device says that it has none.

    Raises:
        FrameError: it is one of them.
    """
    if value in invalid:
        raise FrameError("sentinel", f"{value:g} is what this device sends when it has no reading")


def attempted(attempt: Callable[..., Found], *arguments: Any, **options: Any) -> "Found | FrameError":
    """One channel of several: its error must not cost the others."""
    try:
        return attempt(*arguments, **options)
    except FrameError as exc:
        return exc


def checked(sensor_id: str, celsius: float, measured_at: datetime | None = None) -> Found:
    """A Found inside the limits of the record contract.

    Raises:
        FrameError: the number or the id is outside of them.
    """
    if not ABSOLUTE_ZERO_CELSIUS <= celsius <= HOTTEST_SENSOR_CELSIUS:  # nor is NaN
        raise FrameError("out_of_range", f"{celsius} °C is no temperature a machine can have")
    if not 0 < len(sensor_id) <= MAX_ID_CHARACTERS or not sensor_id.isprintable():
        raise FrameError("bad_sensor_id", f"a sensor id has 1 to {MAX_ID_CHARACTERS} printable characters")
    return Found(sensor_id, celsius, measured_at)
