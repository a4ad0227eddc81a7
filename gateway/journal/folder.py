"""Where the journal lies: its lock, the kind of file system, and words for what goes wrong there."""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import AlreadyRunning, SpoolError

# SQLite's locks and WAL need a local file system (https://sqlite.org/wal.html, "Overview", point 2).
NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
MOUNTS = Path("/proc/self/mounts")


def prepare(path: Path) -> int:
    """Make the journal's folder and take its lock.

    Returns:
        The descriptor that holds the lock; closing it lets the next process in.

    Raises:
        AlreadyRunning: another process holds it.
        SpoolError: the folder cannot be used.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind := network_file_system(path.parent, MOUNTS.read_text()):
            raise SpoolError(
                f"the journal {path} is on a network file system ({kind}), where a commit is not safe: "
                "put it on a local disk (journal.path)"
            )
        return _lock(path)


def network_file_system(folder: Path, mounts: str) -> str | None:
    """The kind of network file system that the folder is on; None for a local one.

    Args:
        folder: an existing folder.
        mounts: the text of /proc/self/mounts (proc(5)): device, mount point, kind, per line.
    """
    resolved = folder.resolve()
    longest, found = -1, None
    for line in mounts.splitlines():
        _, escaped, kind, *_ = line.split(" ")
        point = Path(escaped.encode().decode("unicode_escape"))  # blanks are written as \040
        if resolved.is_relative_to(point) and len(point.parts) >= longest:
            longest, found = len(point.parts), kind
    return found if found in NETWORK_FILE_SYSTEMS else None


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Give SQLite's and the system's errors the words and the class that the gateway acts on."""
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        text = str(exc)
        full = isinstance(exc, sqlite3.Error) and "full" in text
        full = full or (isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT})
        forbidden = isinstance(exc, PermissionError) or "readonly" in text
        raise SpoolError(
            f"the journal {path} cannot be used: {exc}; {_remedy(exc, full=full)}", full=full, forbidden=forbidden
        ) from exc


def is_damage(exc: BaseException | None) -> bool:
    """Whether SQLite says that the file is not what it wrote."""
    damage = ("malformed", "not a database", "no such table", "no such column", "malformed database schema")
    return isinstance(exc, sqlite3.DatabaseError) and any(sign in str(exc) for sign in damage)


def _remedy(exc: sqlite3.Error | OSError, *, full: bool) -> str:
    if full:
        return "make room on its disk or raise journal.max_bytes; nothing was acknowledged"
    if is_damage(exc):
        return "the file is damaged"
    return "check that its folder exists, is not mounted read-only, and that this user may write there (journal.path)"


def has_lock(path: Path, fd: int) -> bool:
    """Whether the lock that the descriptor holds is the one that others find: the folder may be a new one."""
    try:
        return os.path.samestat(_lock_path(path).stat(), os.fstat(fd))
    except FileNotFoundError:
        return False


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def _lock(path: Path) -> int:
    """Take the lock file beside the journal; it holds our PID, for the message of whoever comes second."""
    lock_path = _lock_path(path)
    fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        os.close(fd)
        raise AlreadyRunning(str(path), int(holder) if holder.isdigit() else None) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return fd
