"""Room on the journal's disk: how far the file may grow, and what is kept for emptying it again.

Deleting rows needs room first: SQLite writes the changed pages to the WAL before the file. So the file stops
growing while some is left, and a file beside it holds more, for a disk that others fill.
"""

import os
import sqlite3
from pathlib import Path

BALLAST_BYTES = 1 << 20  # a delete of any size, in WAL frames
# The WAL at its largest (journal_size_limit and one more commit), and the same again in the file at a checkpoint.
RESERVE_BYTES = 4 << 20


class Room:
    """The limits of one open database. Best effort: without the ballast only a full disk is harder to leave.

    Args:
        journal_path: the database file.
        database: its connection; its `max_page_count` is what it may have while there is room.
    """

    def __init__(self, journal_path: Path, database: sqlite3.Connection) -> None:
        self._folder = journal_path.parent
        self._ballast = journal_path.with_name(journal_path.name + ".ballast")
        self._held = self._ballast.exists()
        self._database = database
        self._max_pages = database.execute("PRAGMA max_page_count").fetchone()[0]
        self._scarce = False

    def check(self) -> None:
        """Let the file grow, or not, by what its disk has free; call it before a transaction.

        Raises:
            OSError: the folder is gone.
        """
        disk = os.statvfs(self._folder)
        free_bytes = disk.f_bavail * disk.f_frsize - (0 if self._held else BALLAST_BYTES)
        scarce = free_bytes < RESERVE_BYTES
        if not (scarce or self._held):
            self._hold()
        if scarce != self._scarce:
            # SQLite takes a limit below the present size for the present size.
            self._database.execute(f"PRAGMA max_page_count = {1 if scarce else self._max_pages}").fetchall()
            self._scarce = scarce

    def spend(self) -> None:
        """A commit has found the disk or the journal full: let it have the ballast, if it was the disk."""
        if self._scarce:
            try:
                self._ballast.unlink(missing_ok=True)
                self._held = False
            except OSError:
                pass  # a read-only disk: nothing can be done here

    def _hold(self) -> None:
        try:
            fd = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(fd, 0, BALLAST_BYTES)
            finally:
                os.close(fd)
            self._held = True
        except OSError:
            self._ballast.unlink(missing_ok=True)  # a part of it is of no use to us, and may be to others
