"""The highest sequence ever given, in a second place: a journal that lost commits must not give numbers twice."""

import os
from pathlib import Path


class HighMark:
    """A small file beside the journal, written after each commit and not synced.

    After a power cut it may be behind the journal, never ahead of it; so a mark ahead of the journal means
    that the journal lost commits that had returned (a damaged WAL ends SQLite's replay silently).

    Raises:
        OSError: the file cannot be used.
    """

    WIDTH = 20  # digits of the largest 64-bit number, and some

    def __init__(self, journal_path: Path) -> None:
        path = journal_path.with_name(journal_path.name + ".mark")
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> tuple[str, int]:
        """The id of the journal that was written last, and its highest sequence; ("", 0) in a new mark."""
        name, _, digits = os.pread(self._fd, 64, 0).decode("ascii", "replace").strip().partition(" ")
        return (name, int(digits)) if digits.isdecimal() else ("", 0)

    def write(self, journal_id: str, sequence: int) -> None:
        """Note the highest sequence. One small write, so never torn by a kill.

        The commit has returned already, so a mark that cannot be written must not make it look failed.
        """
        try:
            os.pwrite(self._fd, f"{journal_id} {sequence:0{self.WIDTH}d}\n".encode(), 0)
        except OSError:
            pass

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)
