"""The lines of one serial port to temperatures, with what must be remembered from line to line."""

import re

from gateway.decode.device import Device
from gateway.decode.esphome import EsphomeLog, is_esphome
from gateway.decode.found import NUMBER, Decoded, Found, Refused, checked
from gateway.decode.gcode import decode_gcode, looks_like_gcode
from gateway.decode.json_text import decode_json
from gateway.decode.named import decode_named
from gateway.decode.nmea import decode_nmea, looks_like_nmea
from gateway.decode.pattern_line import decode_pattern
from gateway.decode.payload import clean_text
from gateway.decode.plain_text import ID_PREFIX, is_number_alone, read_text
from gateway.decode.twins import Twins
from gateway.decode.weather_transmitter import decode_weather_message, is_weather_message
from gateway.errors import FrameError
from gateway.framing import LineFramer

# Sketches that say on a line of its own whose temperature follows: OneWire's example and DallasTemperature's Tester.
HEADER = re.compile(
    r"ROM\s*=\s*(?P<rom>(?:[0-9A-Fa-f]{1,2}\s*){8})|Temperature for device:\s*(?P<number>[0-9]{1,3})", re.IGNORECASE
)
HEADER_LINES = 8  # the reading comes within so many lines, else the header is forgotten
JSON_START = re.compile(r"[{\[]\s*[{\[]|\{\s*\"")
NUMBERS_THAT_TELL = 20  # so many lines that are one number each make a device that prints numbers

ID_LINE = re.compile(rf"(?P<id>{ID_PREFIX}[0-9]{{1,6}}) (?P<value>{NUMBER})".encode(), re.IGNORECASE)
DISCONNECTED = b"127"  # a DS18B20 without contact gives -127, which read_text() looks for
OPEN_BRACE = 0x7B

Outcome = list[Found | FrameError]


class Lines:
    """Cuts a port's bytes into lines and decodes them.

    Args:
        device: what the user says of the device.
        name: the port's, for temperatures that name no sensor.
    """

    def __init__(self, device: Device, name: str) -> None:
        self._device = device
        self._name = name
        self._base = device.sensor_id or name
        self._framer = LineFramer(terminator=(device.terminator or "").encode())
        self._twins = Twins()
        self._esphome = EsphomeLog(self._base, device)
        self._header: str | None = None
        self._header_age = 0
        said = {name for name, info in Device.model_fields.items() if getattr(device, name) != info.get_default()}
        self._is_plain = said <= {"sensor_id", "device"}  # nothing is said that changes what `S1 70.25` means
        # A number without any word is a temperature only on a port that prints nothing else.
        self._takes_numbers = bool(device.sensor_id or device.unit or device.decimal or device.decoder == "text")
        self._numbers = NUMBERS_THAT_TELL

    def reset(self, *, partial: bool = True) -> None:
        """See PortDecoder."""
        self._framer.reset()
        if not partial:
            self._framer.feed(self._framer.terminator or b"\n")
        self._twins.reset()
        self._esphome.reset()
        self._header = None
        self._numbers = NUMBERS_THAT_TELL

    def feed(self, data: bytes) -> Decoded:
        """The temperatures and refusals of the lines that `data` completes."""
        decoded = Decoded([], [])
        for line in self._framer.feed(data):
            try:
                if self._is_plain and line[0] == OPEN_BRACE:  # this and the next are what most devices print
                    self._numbers = 0
                    decoded.found.extend(decode_json(clean_text(line), self._base))
                elif self._is_plain and DISCONNECTED not in line and (match := ID_LINE.fullmatch(line)) is not None:
                    self._numbers = 0
                    decoded.found.append(checked(match["id"].decode(), float(match["value"])))
                else:
                    decoded.add(self._decoded(line), line)
            except FrameError as exc:
                decoded.refused.append(Refused(exc.reason, str(exc), line))
        for line in self._framer.overlong:
            decoded.refused.append(Refused("overlong", f"a line of more than {self._framer.max_bytes} bytes", line))
        return decoded

    def end(self) -> Decoded:
        """See PortDecoder; a line without its end is torn."""
        decoded = Decoded([], [])
        decoded.add(self._esphome.end(), b"")
        return decoded

    def _decoded(self, line: bytes) -> Outcome:
        device = self._device
        if device.decoder == "regex":  # it may ask for control characters
            return decode_pattern(line.decode("utf-8", "replace"), self._base, device)
        text = clean_text(line)
        if not text:
            raise FrameError("empty", "nothing but white space")
        if device.decoder == "auto":
            return self._recognised(text)
        if device.decoder == "text":
            return self._text(text)
        return decode_named(text, self._base, device)

    def _recognised(self, text: str) -> Outcome:
        """By what only this format has; see docs/devices.md."""
        first = text[0]
        if first == "{" or (not first.isalnum() and JSON_START.match(text)) or '{"' in text:
            self._numbers = 0
            return [*decode_json(text, self._base)]
        if '":' in text:
            raise FrameError("torn", "the end of a JSON text whose beginning is missing")
        if first in "$!" and looks_like_nmea(text):
            return decode_nmea(text, self._base)
        if first == "[" and is_esphome(text):
            self._numbers = 0
            return self._esphome.decode(text)
        if looks_like_gcode(text):
            return decode_gcode(text, self._base, self._device)
        if first.isalnum() and is_weather_message(text):
            return decode_weather_message(text, self._base)
        return self._text(text)

    def _text(self, text: str) -> Outcome:
        if (header := HEADER.fullmatch(text)) is not None:
            self._header = self._id_of(header)
            self._header_age = 0
            return []
        configured = self._header or self._device.sensor_id
        if not is_number_alone(text, self._device):
            self._numbers = 0
        elif configured is None:
            self._check_number()
            configured = self._name
        self._header_age += 1
        if self._header is not None and self._header_age > HEADER_LINES:
            self._header = None
        outcome = read_text(text, self._header or self._base, configured, self._device)
        self._header = None
        return self._twins.without(outcome)

    def _check_number(self) -> None:
        """A number alone: not on a port that also prints other lines, until it has printed many numbers in a row."""
        if self._takes_numbers:
            return
        self._numbers += 1
        if self._numbers <= NUMBERS_THAT_TELL:
            raise FrameError(
                "no_sensor_id", "a number alone on a port that prints other lines too: give the port a sensor_id"
            )

    def _id_of(self, header: re.Match[str]) -> str:
        if header["rom"]:
            return "".join(byte.zfill(2) for byte in header["rom"].split()).upper()
        return f"{self._base}/{header['number']}"
