"""The log of ESPHome on its serial port: `[12:57:06][D][sensor:094]: 'Tank': Sending state 38.50000 °C with ...`."""

import re

from gateway.decode.device import Device
from gateway.decode.found import Found, attempted, number, reading
from gateway.decode.plain_text import read_text
from gateway.decode.text_fields import STRONG_UNIT
from gateway.decode.vocabulary import is_skipped
from gateway.errors import FrameError

LINE = re.compile(
    r"(?:\[[0-9:.]+\])?\[(?P<level>E|W|I|C|D|S|V|VV)\]\[(?P<tag>[\w.]+)(?::[0-9]+)?\](?:\[[^\]]*\])?:\s*(?P<text>.*)"
)
# Either form of a sensor's state; the one with >> is of 2026.
STATE = re.compile(
    r"'(?P<name>[^']+)'(?::\s+Sending state|\s+>>)\s+(?P<value>\S+)(?P<unit>.*?)"
    r"(?:\s+with [0-9]+ decimals? of accuracy)?"
)


def is_esphome(text: str) -> bool:
    """Whether a line has the head of ESPHome's logger."""
    return text[0] == "[" and LINE.match(text) is not None


def decode_esphome(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The temperature of one log line.

    Only a line of the component `sensor` says what a named sensor measured; the component that
    read it logs the same value before, which would count twice.
    """
    line = LINE.fullmatch(text)
    if line is None or line["level"] == "C":
        raise FrameError("no_temperature", "the configuration that ESPHome logs at its start")
    if line["text"].startswith("'"):
        if line["tag"] != "sensor":
            raise FrameError("no_temperature", f"a line of {line['tag']}; the sensor's own line has its value")
        return [attempted(_state, line["text"], base)]
    return read_text(line["text"].lstrip(" -"), f"{base}/{line['tag']}", None, device)


def _state(text: str, base: str) -> Found:
    match = STATE.fullmatch(text)
    if match is None or re.fullmatch(STRONG_UNIT, match["unit"]) is None:
        raise FrameError("no_temperature", "the sensor's unit is no temperature unit")
    if is_skipped(match["name"]):
        raise FrameError("no_temperature", f"{match['name']!r} is named as a set point, a limit or a derived value")
    return reading(f"{base}/{match['name']}", number(match["value"]), match["unit"].strip(), "esphome")
