import os
import select
from collections.abc import Callable, Mapping

from suhu_jobs.alert import Alert

_RED, _PLAIN = "\x1b[1;31m", "\x1b[0m"
REPEAT_MARK = "(mungkin ulangan)"  # "perhaps a repeat": the job was killed while it printed this very line


def warning_line(alert: Alert, *, repeated: bool = False) -> str:
    """Put an alert into one line that is read at a glance, and that nothing in the alert can break out of.

    `PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1042`, then REPEAT_MARK if `repeated`.
    A sensor_id may hold spaces, the last two fields never do, so the line can be split again from its end.
    """
    heat = f"{shortest(alert.celsius)} °C > {shortest(alert.threshold_celsius)} °C"
    line = f"PERINGATAN {harmless(alert.sensor_id)} {heat} {_word(alert.measured_at)} {_word(alert.event_id)}"
    return f"{line} {REPEAT_MARK}" if repeated else line


def shortest(number: float) -> str:
    """Write a number with as few digits as keep its value: 80, 83.4, 1e+22."""
    return repr(number).removesuffix(".0")


class Console:
    """Where the lines go, one after the other, nothing held back."""

    def __init__(self, write: Callable[[bytes], object], *, colour: bool) -> None:
        """Hand each line to `write`, which returns when it is out, or raises OSError."""
        self._write = write
        self._colour = colour

    def print(self, line: str) -> None:
        """Write one line.

        Raises:
            OSError: nobody reads it any more, or the disk under it is full.
        """
        text = f"{_RED}{line}{_PLAIN}" if self._colour else line
        self._write(text.encode() + b"\n")


def write_all(descriptor: int, text: bytes) -> None:
    """Write to a file descriptor: one system call, if it takes everything at once.

    Raises:
        OSError: as Console.print.
    """
    rest = memoryview(text)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:  # the program that started us made the pipe so
            select.select([], [descriptor], [])


def wants_colour(*, terminal: bool, environment: Mapping[str, str]) -> bool:
    """Colour is for terminals whose user has not said no (no-color.org)."""
    return terminal and not environment.get("NO_COLOR")


def harmless(text: str) -> str:
    """Write what a line could break out with as an escape."""
    # isprintable() is false for control characters, direction overrides, lone surrogates and all blanks but the space.
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def _word(text: str | None) -> str:
    return harmless(text).replace(" ", "\\u0020") if text else "-"
