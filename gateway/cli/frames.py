"""What a port sends beside what the gateway makes of it, frame by frame. Pure: no I/O, no clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.decode import Device, Found, PortDecoder, Refused
from gateway.sources.serial_lines import BINARY_DECODERS

LINES = re.compile(rb"[^\r\n]*[\r\n]+|[^\r\n]+")
MAX_RAW_BYTES = 4096  # of a line that does not end; the decoder has given it up long before


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes, and what became of them."""

    raw: bytes  # without its end
    found: tuple[Found, ...] = ()
    refused: tuple[Refused, ...] = ()
    cut: bool = False  # the first after opening: perhaps the rest of one, so it is not used

    @property
    def text(self) -> str:
        """The bytes for a person: what cannot be printed is escaped."""
        return shown(self.raw)


class Frames:
    """Feeds a decoder piece by piece, so that each outcome stands beside its bytes.

    Args:
        device: what the user says of the device.
        name: of the port, for temperatures that name no sensor.
    """

    def __init__(self, device: Device, name: str) -> None:
        self._decoder = PortDecoder(device, name)
        self._decoder.reset()
        self._end = (device.terminator or "").encode()
        self._binary = device.decoder in BINARY_DECODERS  # no end of their own: shown as they arrive
        self._raw = b""
        self._found: list[Found] = []
        self._refused: list[Refused] = []
        self._first = not self._binary

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that these bytes complete."""
        for piece in self._pieces(data):
            decoded = self._decoder.feed(piece)
            self._raw = (self._raw + piece)[-MAX_RAW_BYTES:]
            self._found += decoded.found
            self._refused += decoded.refused
            if self._binary or self._raw.endswith((self._end,) if self._end else (b"\r", b"\n")):
                yield from self._completed()

    def _pieces(self, data: bytes) -> list[bytes]:
        if self._binary:
            return [data]
        if not self._end:
            return LINES.findall(data)
        *ended, rest = data.split(self._end)
        return [one + self._end for one in ended] + ([rest] if rest else [])

    def _completed(self) -> Iterator[Frame]:
        raw = self._raw if self._binary else self._raw.removesuffix(self._end).strip(b"\r\n")
        if raw or self._found or self._refused:
            cut = self._first and not self._found and not self._refused
            yield Frame(raw, tuple(self._found), tuple(self._refused), cut)
        self._first = False
        self._raw, self._found, self._refused = b"", [], []


def shown(raw: bytes) -> str:
    """Bytes as one printable line."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
