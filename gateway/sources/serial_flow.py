"""When to read a serial line: at once, or in ticks (docs/decisions/0013-streaming-serial-lines.md). Pure."""

from dataclasses import dataclass, field
from math import inf

# A line that streams is read once per tick, not once per chunk of its adapter; any other is read at once.
TICK_S = 0.04
STREAM_BYTES_PER_S = 5_000  # 250 lines of 20 bytes; no thermometer that anyone waits for
KERNEL_BYTES = 4_096  # what the kernel keeps of a terminal that is not read
BITS_PER_BYTE = 10  # with start and stop bit


def tick_s(baudrate: int) -> float:
    """The longest pause between two reads in which at most half of what the kernel keeps can arrive."""
    return min(TICK_S, KERNEL_BYTES / 2 * BITS_PER_BYTE / baudrate)


@dataclass(slots=True)
class Flow:
    """Whether a line streams, judged anew whenever a window has passed."""

    window_s: float
    streams: bool = field(default=False, init=False)
    _began_s: float = field(default=-inf, init=False)
    _received: int = field(default=0, init=False)

    def note(self, received: int, now_s: float) -> None:
        """So many bytes were read; `now_s` is monotonic."""
        self._received += received
        passed_s = now_s - self._began_s
        if passed_s >= self.window_s:
            self.streams = self._received > STREAM_BYTES_PER_S * passed_s
            self._began_s, self._received = now_s, 0
