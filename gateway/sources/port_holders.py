"""Who has a device open (proc(5))."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, as a person can find and end it."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"{self.program} (PID {self.pid})"


def holders_of(port: str, proc: Path = PROC) -> list[Holder]:
    """Every process that has the port open, in the order of their ids.

    What another user's process has open is root's to see; but who has locked the port, as the gateway itself does,
    everybody can (/proc/locks).
    """
    try:
        found = Path(port).stat()
    except OSError:
        return []
    device = os.path.realpath(port)
    lock = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    pids = {*_with_open_file(device, proc), *_with_lock(lock, proc)}
    return [Holder(pid, _program(pid, proc)) for pid in sorted(pids)]


def _with_open_file(device: str, proc: Path) -> Iterator[int]:
    for process in proc.iterdir():
        if not process.name.isdigit():
            continue
        try:
            files = list((process / "fd").iterdir())
        except OSError:  # another user's, or gone
            continue
        if any(_target(file) == device for file in files):
            yield int(process.name)


def _with_lock(lock: str, proc: Path) -> Iterator[int]:
    try:
        lines = (proc / "locks").read_text("ascii").splitlines()
    except OSError:
        return
    for line in lines:  # "1: FLOCK  ADVISORY  WRITE 708 00:2d:12 0 EOF"; waiting ones have "->" before the kind
        words = line.split()
        if lock in words and "->" not in words and (pid := int(words[words.index(lock) - 1])) > 0:
            yield pid


def _target(link: Path) -> str | None:
    try:
        return str(link.readlink())
    except OSError:
        return None


def _program(pid: int, proc: Path) -> str:
    try:
        return (proc / str(pid) / "comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "an unknown program"
