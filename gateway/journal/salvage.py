"""A damaged journal: put it aside, and take out of it what can still be read."""

import os
import sqlite3
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.model import Record

SUFFIXES = ("", "-wal", "-shm")
MAX_PADDED_BYTES = 1 << 40  # beyond it the header itself is damaged


@dataclass(frozen=True, slots=True)
class Salvage:
    """What came out of a damaged journal."""

    moved_to: Path
    records: list[Record]  # intact ones, in order of their old sequence; some may have been delivered before


def put_aside(path: Path, now_s: Callable[[], float] = time.time) -> Salvage:
    """Rename the file and its WAL to `.bad-<time>` and read what reads.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = unused_name(path, now_s)
    for suffix in SUFFIXES:
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    return Salvage(aside, _read(aside))


def unused_name(path: Path, now_s: Callable[[], float] = time.time) -> Path:
    """`<path>.bad-<time>`, with a number behind it when there is one already."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now_s()))
    aside = path.with_name(f"{path.name}.bad-{moment}")
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.bad-{moment}-{count}")
    return aside


def crc(key: bytes, value: bytes) -> int:
    """The checksum of a queued record."""
    return zlib.crc32(value, zlib.crc32(key))


def intact(sequence: object, stored_crc: object, timestamp_ms: object, key: object, value: object) -> Record | None:
    """The record of a row, None when the row is not what was written: a flipped bit can change a column's type too."""
    if not (isinstance(key, bytes) and isinstance(value, bytes) and stored_crc == crc(key, value)):
        return None
    if not (isinstance(sequence, int) and isinstance(timestamp_ms, int)):
        return None
    return Record(sequence, key, value, timestamp_ms)


def _read(path: Path) -> list[Record]:
    """Row by row from both ends, because a broken page ends a scan."""
    found: dict[int, Record] = {}
    _pad(path)
    try:
        database = sqlite3.connect(path, isolation_level=None)
        try:
            delivered = _delivered(database)
            for order in ("ASC", "DESC"):
                for record in _scan(database, order):
                    if record.sequence > delivered:
                        found[record.sequence] = record
        finally:
            database.close()
    except sqlite3.Error:
        pass  # no database at all: there is nothing to read
    return [found[sequence] for sequence in sorted(found)]


def _pad(path: Path) -> None:
    """Give a cut-off file the length its header names, as a hole: SQLite reads nothing of one that is too short.

    Page size and page count are at bytes 16 and 28 (https://sqlite.org/fileformat2.html#the_database_header).
    """
    with path.open("rb") as file:
        header = file.read(32)
    page_bytes, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    length = pages * (65_536 if page_bytes == 1 else page_bytes)
    if header.startswith(b"SQLite format 3") and path.stat().st_size < length <= MAX_PADDED_BYTES:
        os.truncate(path, length)


def _delivered(database: sqlite3.Connection) -> int:
    try:
        row = database.execute("SELECT value FROM meta WHERE name = 'delivered'").fetchone()
    except sqlite3.Error:
        return 0  # sends some a second time, with their own event ids, rather than losing others
    return row[0] if row is not None and isinstance(row[0], int) else 0


def _scan(database: sqlite3.Connection, order: str) -> list[Record]:
    records: list[Record] = []
    rows = database.execute(
        f"SELECT sequence, crc, timestamp_ms, key, value FROM queue ORDER BY sequence {order}"  # noqa: S608 - ours
    )
    try:
        records.extend(record for row in rows if (record := intact(*row)) is not None)
    except sqlite3.Error:
        pass  # what was read before the broken page counts
    return records
