"""A text file on disk, line by line, with the place of each line: replaced, cut off and growing files included."""

import gzip
import json
import os
import stat
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from gateway.errors import SourceLost

MAX_LINE_BYTES = 65_536
READ_BYTES = 262_144
BROKEN = (OSError, EOFError, zlib.error)  # what a file, compressed or not, raises while it is read
HEAD_BYTES = 1_024  # whether it is still the same file is told from its first bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a whole line of one file."""

    offset: int  # bytes; of a compressed file, of what it holds
    line: int  # how many lines are before it
    inode: int
    checksum: int  # of the first HEAD_BYTES, or of fewer when the place is before

    def text(self) -> str:
        """For the journal."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str | None) -> "Place | None":
        """What `text` wrote; None when it is anything else."""
        try:
            fields = json.loads(text or "null")
            place = cls(**fields)
        except (ValueError, TypeError):
            return None
        return place if all(type(value) is int for value in fields.values()) else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line with an end."""

    number: int  # counted from 1
    raw: bytes  # without its end; the beginning of one that is too long
    end: int  # the offset behind it
    whole: bool = True  # False: it has more than MAX_LINE_BYTES


class LineFile:
    """One open file. Its methods block, and belong to one thread at a time.

    Args:
        path: the file.

    Raises:
        SourceLost: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not block before it is refused
        except OSError as exc:
            raise SourceLost(f"the file {path} cannot be read ({exc.strerror}): check the path and its rights") from exc
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise SourceLost(f"{path} is no regular file: only one that can be read again is a safe source")
        self.inode = status.st_ino
        self._raw: BinaryIO = os.fdopen(fd, "rb", buffering=0)
        self._file: BinaryIO = self._raw
        if path.suffix == ".gz":
            self._file = gzip.GzipFile(fileobj=self._raw)  # type: ignore[assignment]  # reads and seeks alike
        self._head = b""
        self._end = 0
        self._number = 0
        self._rest = b""
        self._dropped = 0  # bytes of the line in _rest that are not kept

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._raw.close()

    def resume(self, place: Place) -> bool:
        """Go on behind `place`; False when it is no place of this file, and everything in it is new.

        Raises:
            SourceLost: it cannot be read.
        """
        size = min(place.offset, HEAD_BYTES)
        try:
            self._file.seek(0)
            head = b""
            while len(head) < size and (more := self._file.read(size - len(head))):
                head += more
            same = zlib.crc32(head) == place.checksum and len(head) == size
            if same and place.offset > 0:
                same = self._file.seek(place.offset - 1) == place.offset - 1 and self._file.read(1) == b"\n"
            if same:
                self._begin(head, place.offset, place.line)
            else:
                self._begin(b"", 0, 0)
                self._file.seek(0)
        except BROKEN as exc:
            raise self._unreadable(exc) from exc
        return same

    def read(self, read_bytes: int = READ_BYTES) -> list[Line]:
        """The next whole lines, none at the end of what is there.

        Args:
            read_bytes: how much to take from the file at a time, until there is a line.

        Raises:
            SourceLost: it cannot be read further.
        """
        lines: list[Line] = []
        while not lines:
            try:
                data = self._file.read(read_bytes)
            except BROKEN as exc:
                raise self._unreadable(exc) from exc
            if not data:
                break
            if len(self._head) < HEAD_BYTES:
                self._head = (self._head + data)[:HEAD_BYTES]
            *whole, rest = (self._rest + data).split(b"\n")
            lines = [self._line(raw) for raw in whole]
            self._dropped += max(len(rest) - MAX_LINE_BYTES - 1, 0)
            self._rest = rest[: MAX_LINE_BYTES + 1]
        return lines

    @property
    def half_line(self) -> bytes:
        """What stands behind the last line end."""
        return self._rest

    def behind(self, line: Line) -> Place:
        """The place behind a line that `read` gave."""
        return Place(line.end, line.number, self.inode, zlib.crc32(self._head[: min(line.end, HEAD_BYTES)]))

    def is_replaced(self, path: Path) -> bool:
        """Whether `path` leads to another file by now, or this one was cut off.

        Only a file that is there replaces another: a deleted one may be written to as long as it is open.
        """
        try:
            if path.stat().st_ino != self.inode:
                return True
            return os.fstat(self._raw.fileno()).st_size < self._end + len(self._rest) + self._dropped
        except OSError:
            return False

    def _begin(self, head: bytes, offset: int, line: int) -> None:
        self._head = head
        self._end = offset
        self._number = line
        self._rest = b""
        self._dropped = 0

    def _line(self, raw: bytes) -> Line:
        self._number += 1
        self._end += len(raw) + self._dropped + 1
        whole = not self._dropped and len(raw) <= MAX_LINE_BYTES
        self._dropped = 0
        return Line(self._number, raw[:MAX_LINE_BYTES].removesuffix(b"\r"), self._end, whole)

    def _unreadable(self, exc: Exception) -> SourceLost:
        return SourceLost(f"the file {self._path} cannot be read further ({exc}): check the disk, or copy it anew")


def find_moved(path: Path, inode: int) -> Path | None:
    """The file of this inode beside `path`: `readings.csv` is `readings.csv.1` after a rotation."""
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if entry.inode() == inode and entry.name.startswith(path.stem) and entry.is_file(follow_symlinks=False):
                    return Path(entry.path)
    except OSError:
        pass
    return None
