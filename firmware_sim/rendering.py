import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

FIELD = re.compile(r"<(\w+)(?::([^<>]*))?>")  # <name> or <name:format>; JSON braces stay as they are


@dataclass(frozen=True, slots=True)
class Shown:
    """A number to be printed, or the text a device prints where it has none."""

    number: float
    decimals: int  # of the sensor's resolution
    text: str | None = None  # a sentinel such as `null`

    def __format__(self, spec: str) -> str:
        """Without a format: all decimals of the resolution; `r`: as JSON libraries print a float."""
        if self.text is not None:
            return self.text
        match spec:
            case "":
                return f"{self.number:.{self.decimals}f}"
            case "r":
                return repr(self.number)
            case _:
                return format(self.number, spec)

    def in_fahrenheit(self) -> Self:
        """The same in °F."""
        return type(self)(self.number * 1.8 + 32.0, self.decimals, self.text)

    def in_kelvin(self) -> Self:
        """The same in K."""
        return type(self)(self.number + 273.15, self.decimals, self.text)


def render(template: str, fields: Mapping[str, object]) -> str:
    """Fill in `<name>` and `<name:format>`; KeyError for a name that is not among the fields."""
    return FIELD.sub(lambda match: format(fields[match[1]], match[2] or ""), template)


def names_in(template: str) -> set[str]:
    """The fields a template needs."""
    return {match[1] for match in FIELD.finditer(template)}
