import os
from contextlib import suppress
from pathlib import Path


class Flag:
    """One bit in a file that has its place on the disk from the beginning, so that a full disk can still take it."""

    def __init__(self, path: Path) -> None:
        """Open it, or make it.

        Raises:
            OSError: there is no room for it.
        """
        self._path = path
        try:
            self.is_up = path.read_bytes() == b"1"
        except FileNotFoundError:
            self.is_up = False
        if not self.is_up:
            self._write(b"0", os.O_CREAT)

    def put(self, *, up: bool) -> None:
        """Raise or lower it; where even that fails there is nobody left to be told."""
        if up is not self.is_up:
            with suppress(OSError):
                self._write(b"1" if up else b"0")
                self.is_up = up

    def _write(self, content: bytes, flags: int = 0) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC | flags, 0o644)
        try:
            os.pwrite(descriptor, content, 0)
        finally:
            os.close(descriptor)
