"""The journal's file may be deleted, moved or replaced while it is open: writing on would go where nobody looks."""

import errno
import os
import sqlite3
from pathlib import Path

import structlog

from gateway.journal.salvage import unused_name

log = structlog.get_logger()

Identity = tuple[int, int]


def identity(path: Path) -> Identity:
    """What tells this file from another one of the same name.

    Raises:
        OSError: there is none, or it cannot be seen.
    """
    status = path.stat()
    return status.st_dev, status.st_ino


def is_in_place(path: Path, opened: Identity) -> bool:
    """Whether the path still leads to the file that was opened.

    Raises:
        OSError: it cannot be seen, so nobody knows.
    """
    try:
        return identity(path) == opened
    except (FileNotFoundError, NotADirectoryError):
        return False


def require_in_place(path: Path, opened: Identity) -> None:
    """Raise an OSError when the path does not lead to the file that was opened."""
    if not is_in_place(path, opened):
        raise OSError(errno.ESTALE, "it was deleted, moved or replaced while the gateway ran")


def bring_back(database: sqlite3.Connection, path: Path) -> None:
    """Write all of an open database, whose file is gone, to the path again; the folder must exist.

    A file that somebody has put there in the meantime is renamed to `.bad-<time>`.

    Raises:
        OSError, sqlite3.Error: it cannot be written.
    """
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    copy = sqlite3.connect(fresh)
    try:
        database.backup(copy)  # one transaction, synced
    finally:
        copy.close()
    moved_to = None
    if path.exists():
        moved_to = unused_name(path)
        path.rename(moved_to)
    fresh.rename(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    log.error(
        "journal_gone",
        path=str(path),
        moved_to=None if moved_to is None else str(moved_to),
        effect="its file was deleted, moved or replaced while in use; everything in it is in a new file",
    )
