"""Temperature reports of 3D printers (M105, M155): `ok T:210.3 /210.0 B:60.3 /60.0 T0:210.3 /210.0 @:79`."""

import re

from gateway.decode.device import Device
from gateway.decode.found import Found, attempted, reading
from gateway.errors import FrameError

# Hotends, bed, chamber, probe, ambient (Prusa), board, cooler, redundant; Marlin's M105, RepRap wiki.
HEATER = re.compile(
    r"(?<![\w@])(?P<name>T[0-9]{0,2}|[BCPAMLR]):\s?(?P<value>[+-]?[0-9]{1,4}(?:\.[0-9]{1,4})?)(?![\w.]|,[0-9])"
    r"(?:\s?/\s?[+-]?[0-9.]+)?"
)
TARGET = r":\s?[+-]?[0-9.,]+\s?/\s?[+-]?[0-9]"
# The shortest report: nothing but hotends and the bed.
SHORT = re.compile(r"T[0-9]*:[0-9]+\.[0-9]+(?: T[0-9]+:[0-9]+\.[0-9]+)* B:[0-9]+\.[0-9]+")
# Only a report has a set point behind a slash, a heater's power (@) or the firmware's `ok`: `T:21 P:1013` has not.
REPORT = re.compile(
    rf"ok\b.*(?<![\w@])(?:T[0-9]*|B):\s?[+-]?[0-9]|(?:T[0-9]*{TARGET}|(?<![\w@])B{TARGET})|T[0-9]*:.* @:"
)
DECIMAL_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
POSITION = re.compile(r"(?<!\w)X:.*(?<!\w)Y:")


def looks_like_gcode(text: str) -> bool:
    """Whether a line is a temperature report."""
    return ":" in text and (
        (REPORT.match(text) is not None and POSITION.search(text) is None) or SHORT.fullmatch(text) is not None
    )


def decode_gcode(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The heaters of one report, each once. `T` repeats the hotend in use, so it counts only where no T0 is."""
    if not looks_like_gcode(text):
        raise FrameError("not_a_reading", "no temperature report of a printer")
    if device.decimal == ",":
        text = DECIMAL_COMMA.sub(".", text)
    heaters = [(match["name"], match["value"]) for match in HEATER.finditer(text)]
    if not heaters and DECIMAL_COMMA.search(text) is not None:
        raise FrameError("ambiguous", 'are those commas decimal ones? Say it with decimal = ","')
    if heaters and [name for name, _ in heaters].count(heaters[0][0]) > 1:
        raise FrameError("torn", f"{heaters[0][0]} is there twice: two reports that ran together")
    values: dict[str, str] = {}
    for name, value in heaters:
        values.setdefault(name, value)
    if values.get("P") == "0.0":  # a Prusa whose probe has no thermistor (SuperPINDA)
        del values["P"]
    if "T0" in values:
        values.pop("T", None)
    if not values:
        raise FrameError("no_temperature", "no heater on the line")
    return [attempted(reading, f"{base}/{name}", float(value), "C", "gcode") for name, value in values.items()]
