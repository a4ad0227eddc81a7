"""One CSV file from where it was left: rows as they come, over rotation and truncation."""

from dataclasses import dataclass

import structlog

from gateway.errors import ConfigError, FrameError, SourceLost
from gateway.model import Rejected
from gateway.sources.csv_header import recognise
from gateway.sources.csv_lines import MAX_LINE_BYTES, Line, LineFile, Place, find_moved
from gateway.sources.csv_options import CsvOptions
from gateway.sources.csv_rows import Row, RowReader

log = structlog.get_logger()

HEADER_BYTES = 4_096  # at a time, to find the header: neither start nor reload may cost more the longer the file is


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One line that is no header."""

    row: Row | None  # None when nothing in it can be used
    rejected: tuple[Rejected, ...]
    line: Line | None  # None when no place is behind it


class CsvReading:
    """Everything that blocks; used by one thread at a time.

    Args:
        options: the file, and how to read it.

    Raises:
        SourceLost: (every method) it cannot be read, or its header is not understood.
    """

    def __init__(self, options: CsvOptions) -> None:
        self._options = options
        self._reader: RowReader | None = None  # once the header is there
        self._left: list[ReadRow] = []  # of the file before this one
        self._opened: LineFile | None = None

    def open(self, place: Place | None) -> None:
        """Go on behind `place`, or begin."""
        path = self._options.path
        self._opened = LineFile(path)
        if place is None:
            return
        if self._options.follow and self._file.inode != place.inode and (moved := find_moved(path, place.inode)):
            self._opened.close()
            self._opened = LineFile(moved)
            if self._resume(place):
                return
            self._opened.close()
            self._opened = LineFile(path)
        if not self._resume(place):
            log.info("csv_file_replaced", path=str(path))

    def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            self._opened.close()

    @property
    def _file(self) -> LineFile:
        assert self._opened is not None  # noqa: S101 - open() comes first
        return self._opened

    def find_header(self) -> None:
        """Read as far as the header, and little further.

        Raises:
            SourceLost: it is not understood, or cannot be read.
        """
        while self._reader is None and (lines := self._file.read(HEADER_BYTES)):
            for line in lines:
                self._is_header(line)

    def rows(self) -> list[ReadRow]:
        """The next rows; none at the end of what is there."""
        rows, self._left = self._left, []
        while not rows and (lines := self._file.read()):
            rows += [self._read(line) for line in lines if not self._is_header(line) and line.raw.strip()]
        return rows

    def half_line(self) -> ReadRow | None:
        """What stands behind the last line end: it may be the beginning of a longer number, so it is no row."""
        half = self._file.half_line
        if not half.strip():
            return None
        text = f"{self._options.path.name}: its last line has no end, and may be cut off: end it with a line feed"
        return ReadRow(None, (Rejected("torn", text, half[:MAX_LINE_BYTES]),), None)

    def behind(self, line: Line) -> Place:
        """The place behind one of the newest rows."""
        return self._file.behind(line)

    def go_on(self) -> bool:
        """Open the file that has replaced this one, if one has."""
        if not self._file.is_replaced(self._options.path):
            return False
        if (half := self.half_line()) is not None:
            self._left.append(half)
        self._file.close()
        self._reader = None
        self._opened = LineFile(self._options.path)
        log.info("csv_file_replaced", path=str(self._options.path))
        return True

    def _resume(self, place: Place) -> bool:
        """Read the header again, then go where the rows were left; False: it is another file."""
        self._reader = None
        self.find_header()
        if self._file.resume(place):
            return True
        self._reader = None
        return False

    def _is_header(self, line: Line) -> bool:
        """Take the first line with anything in it for the header, if it is one."""
        if self._reader is not None or not line.raw.strip():
            return False
        try:
            layout = recognise(_text(line.raw.removeprefix(b"\xef\xbb\xbf")), self._options)
        except FrameError as exc:
            raise SourceLost(f"{self._options.path}, line {line.number}: {exc}") from exc
        self._reader = RowReader(layout, self._options)
        return layout.has_header

    def _read(self, line: Line) -> ReadRow:
        assert self._reader is not None  # noqa: S101 - _is_header has seen a line before
        if not line.whole:
            return ReadRow(
                None, (self._rejected(line, FrameError("overlong", f"more than {MAX_LINE_BYTES} bytes")),), line
            )
        try:
            row = self._reader.read(_text(line.raw))
        except FrameError as exc:
            return ReadRow(None, (self._rejected(line, exc),), line)
        return ReadRow(row, tuple(self._rejected(line, exc) for exc in row.refused), line)

    def _rejected(self, line: Line, error: FrameError) -> Rejected:
        return Rejected(error.reason, f"{self._options.path.name} line {line.number}: {error}", line.raw)


def require_readable(options: CsvOptions, *, now: bool) -> None:
    """Find at the start what would only be a log line later.

    Args:
        options: the file, and how to read it.
        now: it must be there already.

    Raises:
        ConfigError: it is not, or its header is not understood.
    """
    if not now and not options.path.exists():
        return
    reading = CsvReading(options)
    try:
        reading.open(None)
        reading.find_header()
    except SourceLost as exc:
        raise ConfigError(str(exc)) from exc
    finally:
        reading.close()


def _text(raw: bytes) -> str:
    if b"\0" in raw:
        raise FrameError("not_text", "NUL bytes, as in UTF-16: save the file as UTF-8")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        # As on serial lines: a Latin-1 degree sign is common, anything else is noise.
        if any(byte >= 0x80 and byte != 0xB0 for byte in raw):
            raise FrameError("not_text", "bytes that are not UTF-8: save the file as UTF-8") from None
        return raw.decode("latin-1")
