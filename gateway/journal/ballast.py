"""Room set aside on the journal's disk, so that a full one can still be emptied: deleting rows needs room first."""

import os
from pathlib import Path

BALLAST_BYTES = 1 << 20  # a delete of any size, in WAL frames, with the checkpoint behind it


class Ballast:
    """A file beside the journal that can be given up. Best effort: without it only the full disk is harder to leave."""

    def __init__(self, journal_path: Path) -> None:
        self._path = journal_path.with_name(journal_path.name + ".ballast")

    def hold(self) -> None:
        """Take the room, if there is some."""
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(fd, 0, BALLAST_BYTES)
            finally:
                os.close(fd)
        except OSError:
            self.drop()  # a part of it is of no use to us, and may be to others

    def drop(self) -> None:
        """Give the room back."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            pass  # a read-only disk: nothing can be done here
