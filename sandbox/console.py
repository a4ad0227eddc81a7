import sys
import threading
import time
from collections.abc import Mapping
from typing import TextIO

QUIET_LINE_EVERY_S = 5.0  # on a pipe, where a line cannot be written over


class DemoConsole:
    """A terminal with lines that stay and, below them, one that is written over; safe for several threads."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._lock = threading.Lock()
        self._status = ""
        self._status_at_s = 0.0

    def line(self, text: str) -> None:
        """Print a line that stays."""
        with self._lock:
            self._clear()
            self._out.write(text + "\n")
            self._out.write(self._status)
            self._out.flush()

    def state(self, part: str, words: str) -> None:
        """Print a line about the state of one part."""
        self.line(f"{part:<10} {words}")

    def warning(self, text: str) -> None:
        """Print a warning, red on a terminal."""
        self.line(f"\x1b[1;31m{text}\x1b[0m" if self._terminal else text)

    def temperatures(self, celsius: Mapping[str, float]) -> None:
        """Show the current temperatures: in place on a terminal, as a line now and then on a pipe."""
        text = "now        " + "   ".join(f"{sensor} {value:.1f} °C" for sensor, value in sorted(celsius.items()))
        if not self._terminal:
            if time.monotonic() - self._status_at_s >= QUIET_LINE_EVERY_S:
                self._status_at_s = time.monotonic()
                self.line(text)
            return
        with self._lock:
            self._clear()
            self._status = text
            self._out.write(text)
            self._out.flush()

    def end_status(self) -> None:
        """Leave the line that is written over as it is."""
        with self._lock:
            if self._status:
                self._out.write("\n")
                self._status = ""

    def _clear(self) -> None:
        if self._status:
            self._out.write("\r\x1b[K")
