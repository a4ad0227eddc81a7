"""The log of ESPHome on its serial port: `[12:57:06][D][sensor:094]: 'Tank': Sending state 38.50000 °C with ...`."""

import re
from collections import deque
from dataclasses import dataclass, replace

from gateway.decode.device import Device
from gateway.decode.found import Found, number, reading
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
COMPONENT = re.compile(r"'(?P<name>[^']+)':?\s+(?P<text>Got .*)")
# They show what other components measured, or are what somebody set.
NOT_SENSORS = frozenset({"text_sensor", "binary_sensor", "number", "select", "switch", "text", "button"})
LINES_HELD = 5  # a component with several values is followed by a line for each
ROUNDING_CELSIUS = 0.06


def is_esphome(text: str) -> bool:
    """Whether a line has the head of ESPHome's logger."""
    return text[0] == "[" and LINE.match(text) is not None


class EsphomeLog:
    """Decodes the log of one device.

    A component logs what it has read (`Got Temperature=23.0°C`), and then `sensor` what came of it after the
    filters. The second is the reading; the first is held for a few lines and counts only when no second comes.

    Args:
        base: before the names of sensors and components in their ids.
        device: labels that the user accepts or skips, for the lines of components.
    """

    def __init__(self, base: str, device: Device) -> None:
        self._base = base
        self._device = device
        self._held: deque[_Held] = deque()

    def reset(self) -> None:
        """The port was opened anew."""
        self._held.clear()

    def decode(self, text: str) -> list[Found | FrameError]:
        """The temperatures that one line settles."""
        line = LINE.fullmatch(text)
        if line is None or line["level"] == "C":
            raise FrameError("no_temperature", "the configuration that ESPHome logs at its start")
        if line["tag"] in NOT_SENSORS:
            raise FrameError("no_temperature", f"a {line['tag']} measures nothing")
        settled = self._grown_old()
        try:
            if line["tag"] == "sensor":
                found = _state(line["text"], self._base)
                self._held = deque(one for one in self._held if not one.is_before(found))
                return [*settled, found]
            own = COMPONENT.fullmatch(line["text"])
            text = own["text"] if own is not None else line["text"].lstrip(" -")
            base = f"{self._base}/{own['name'] if own is not None else line['tag']}"
            for outcome in read_text(text, base, base if own is not None else None, self._device):
                if isinstance(outcome, Found):
                    self._held.append(_Held(outcome, LINES_HELD))
                else:
                    settled.append(outcome)
        except FrameError as exc:
            settled.append(exc)
        return settled

    def end(self) -> list[Found | FrameError]:
        """What no later line can take back any more."""
        held, self._held = self._held, deque()
        return [one.found for one in held]

    def _grown_old(self) -> list[Found | FrameError]:
        self._held = deque(replace(one, lines=one.lines - 1) for one in self._held)
        old: list[Found | FrameError] = []
        while self._held and self._held[0].lines == 0:
            old.append(self._held.popleft().found)
        return old


@dataclass(frozen=True, slots=True)
class _Held:
    found: Found
    lines: int  # to wait for

    def is_before(self, state: Found) -> bool:
        """Whether `state` says the same again."""
        return self.found.sensor_id == state.sensor_id or abs(self.found.celsius - state.celsius) <= ROUNDING_CELSIUS


def _state(text: str, base: str) -> Found:
    match = STATE.fullmatch(text)
    if match is None or re.fullmatch(STRONG_UNIT, match["unit"]) is None:
        raise FrameError("no_temperature", "the sensor's unit is no temperature unit")
    if is_skipped(match["name"]):
        raise FrameError("no_temperature", f"{match['name']!r} is named as a set point, a limit or a derived value")
    return reading(f"{base}/{match['name']}", number(match["value"]), match["unit"].strip(), "esphome")
