"""What a port's bytes tell of a device that is connected and still gives nothing. Pure: the clock is the caller's."""

import re
from dataclasses import dataclass, field

NOISE_BYTES = 64  # so many unreadable ones are no accident
NOISE_SHARE = 0.3  # of all bytes; at a wrong speed it is half or more, in text with degree signs a few hundredths
# The loader of an ESP8266 speaks at 74,880 baud whatever the program does, but for less than a second.
NOISE_LASTS_S = 5.0
READABLE = bytes([*range(0x20, 0x7F), *b"\t\r\n\x02\x03\x1b", 0xB0, 0xC2])  # STX, ETX, colours, the degree sign
TEXT_LINE = re.compile(rb"[\r\n][ -~]{4,}[\r\n]")
TAIL_BYTES = 512  # of the last bytes, in which a line may still be ended


def is_mostly_noise(data: bytes) -> bool:
    """Whether there is more in it that cannot be read than text ever has."""
    return _noise(data) >= NOISE_SHARE * len(data)


def _noise(data: bytes) -> int:
    return len(data.translate(None, delete=READABLE))


@dataclass(slots=True)
class Legibility:
    """Whether what comes since the port was opened can be text at all; judged until the first line that is."""

    judged: bool = field(default=False, init=False)
    _since_s: float | None = field(default=None, init=False)
    _total: int = field(default=0, init=False)
    _noise: int = field(default=0, init=False)
    _tail: bytes = field(default=b"", init=False)

    def is_noise(self, chunk: bytes, now_s: float) -> bool:
        """Whether it is beyond doubt by now that these bytes are none that the device sent; true once.

        Args:
            chunk: what has arrived.
            now_s: monotonic.
        """
        if self.judged:
            return False
        if self._since_s is None:
            self._since_s = now_s
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]
        if TEXT_LINE.search(self._tail) is not None:
            self.judged = True
            return False
        self._total += len(chunk)
        self._noise += _noise(chunk)
        self.judged = (
            self._noise >= max(NOISE_BYTES, NOISE_SHARE * self._total) and now_s - self._since_s >= NOISE_LASTS_S
        )
        return self.judged


@dataclass(slots=True)
class Silence:
    """Whether a device that is connected has given no reading for too long."""

    stale_s: float  # 0: never
    stale: bool = field(default=False, init=False)  # as it was told; lasts over openings
    _heard_s: float = field(default=0.0, init=False)

    def opened(self, now_s: float) -> None:
        """The device is connected, and has its time to give a reading."""
        self._heard_s = now_s

    def is_over(self, now_s: float) -> bool:
        """There is a reading; whether it ends a silence that had been told."""
        was_stale, self.stale, self._heard_s = self.stale, False, now_s
        return was_stale

    def has_begun(self, now_s: float) -> bool:
        """Whether it is time to tell of a silence; true once for each."""
        if self.stale or self.stale_s <= 0 or now_s < self.due_s:
            return False
        self.stale = True
        return True

    @property
    def due_s(self) -> float:
        """When to look next, monotonic."""
        return self._heard_s + self.stale_s
