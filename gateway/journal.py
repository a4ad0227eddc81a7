"""The disk journal: a reading is safe once the commit that holds it has returned.

Stdlib sqlite3 in WAL mode with synchronous=FULL: what that survives, and what the alternatives
cost, is in docs/decisions/0003-journal-on-sqlite.md.
"""

import fcntl
import os
import secrets
import sqlite3
import string
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway import wire
from gateway.errors import AlreadyRunning, SpoolError
from gateway.model import Reading, Record

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE queue (sequence INTEGER PRIMARY KEY, crc INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL,
                    key BLOB NOT NULL, value BLOB NOT NULL);
CREATE TABLE held (sensor_id TEXT PRIMARY KEY, crc INTEGER NOT NULL, reading BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE quarantine (sequence INTEGER PRIMARY KEY, reason TEXT NOT NULL, timestamp_ms INTEGER NOT NULL,
                         key BLOB NOT NULL, value BLOB NOT NULL);
"""
JOURNAL_ID_CHARACTERS = string.ascii_lowercase + string.digits
JOURNAL_ID_LENGTH = 8  # 2.8e12 ids: two journals of one gateway never share one
PAGE_BYTES = 4096
DELETE_AT_ROWS = 2_000  # delivered rows are deleted in bulk; the mark tells which they are until then


@dataclass(frozen=True, slots=True)
class Append:
    """Put the reading at the end of the queue."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the reading as its sensor's only held one, in place of an earlier one."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Release:
    """Put the held reading of this sensor at the end of the queue; nothing is held afterwards."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Delivered:
    """Kafka has acknowledged every record up to and including this sequence."""

    through: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Kafka refuses this record for good: keep it aside, for a person."""

    record: Record
    reason: str


Operation = Append | Hold | Release | Delivered | Quarantine


class Journal:
    """Readings on their way to Kafka, in order, on disk. Used by one thread; nothing else opens the file.

    Args:
        path: the database file; its folder is created when it is missing.
        gateway_id: the first part of every event_id.
        max_bytes: the size that the file never exceeds.

    Raises:
        AlreadyRunning: another process has the journal open.
        SpoolError: the file or its folder cannot be used; the text says why.
    """

    def __init__(self, path: Path, gateway_id: str, max_bytes: int) -> None:
        self._path = path
        self._max_pages = max(max_bytes // PAGE_BYTES, 64)
        self._delivered = 0
        self._next_sequence = 1
        with _translated(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock_fd = _lock(path)
        try:
            with _translated(path):
                self._connect()
        except BaseException:
            os.close(self._lock_fd)
            raise
        self.name = f"{gateway_id}/{self._meta('journal_id')}"  # what event_id begins with

    @property
    def delivered(self) -> int:
        """The sequence up to which Kafka has everything."""
        return self._delivered

    @property
    def last_sequence(self) -> int:
        """The sequence given last; 0 in a new journal."""
        return self._next_sequence - 1

    def apply(self, operations: Iterable[Operation]) -> list[Record]:
        """Do all of it in one durable commit, or nothing.

        Returns:
            The records that entered the queue, in order of their sequence.

        Raises:
            SpoolError: nothing was changed; the same call may succeed later.
        """
        operations = list(operations)
        try:
            return self._commit(operations)
        except SpoolError:
            # A full journal may hold delivered rows, whose room is enough: delete them first, in their own commit.
            about_delivered = [one for one in operations if isinstance(one, Delivered | Quarantine)]
            self._commit(about_delivered, delete_at_rows=0)
            return self._commit([one for one in operations if not isinstance(one, Delivered | Quarantine)])

    def read(self, after: int, limit: int) -> list[Record]:
        """Up to `limit` queued records with a sequence above `after`, in order.

        Raises:
            SpoolError: the file cannot be read, or a row is not what was written.
        """
        with _translated(self._path):
            rows = self._db.execute(
                "SELECT sequence, crc, timestamp_ms, key, value FROM queue"
                " WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (max(after, self._delivered), limit),
            ).fetchall()
        records = []
        for sequence, crc, timestamp_ms, key, value in rows:
            # A flipped bit in a row's header can change the type of a column as well as its bytes.
            if not isinstance(key, bytes) or not isinstance(value, bytes) or crc != _crc(key, value):
                raise SpoolError(f"record {sequence} of the journal {self._path} is damaged: its checksum differs")
            records.append(Record(sequence, key, value, timestamp_ms))
        return records

    def held(self) -> list[Reading]:
        """The readings that waited for their second to end when the journal was last closed."""
        with _translated(self._path):
            rows = self._db.execute("SELECT crc, reading FROM held ORDER BY sensor_id").fetchall()
        return [wire.decode_held(reading) for crc, reading in rows if crc == zlib.crc32(reading)]

    def close(self) -> None:
        """Close the file and let the next process have it."""
        try:
            self._db.close()
        finally:
            os.close(self._lock_fd)

    def _commit(self, operations: Sequence[Operation], delete_at_rows: int = DELETE_AT_ROWS) -> list[Record]:
        next_sequence, delivered = self._next_sequence, self._delivered
        records: list[Record] = []
        with _translated(self._path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._mark_delivered(operations, delete_at_rows)
                for operation in operations:
                    self._do(operation, records)
                self._insert(records)
                self._db.execute("COMMIT")
            except BaseException:
                self._next_sequence, self._delivered = next_sequence, delivered
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return records

    def _connect(self) -> None:
        # Opened by the thread that reports its errors to a person, used by the committer's from then on.
        self._db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "locking_mode = EXCLUSIVE",  # before WAL: then no shared memory file is needed
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL loses the last commits in a power cut
            "wal_autocheckpoint = 256",
            f"journal_size_limit = {1 << 20}",
            f"max_page_count = {self._max_pages}",
        ):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            self._create()
        elif version != SCHEMA_VERSION:
            msg = f"the journal {self._path} has schema {version}, this gateway knows {SCHEMA_VERSION}: upgrade it"
            raise SpoolError(msg)
        self._delivered = int(self._meta("delivered"))
        newest = self._db.execute("SELECT max(sequence) FROM queue").fetchone()[0] or 0
        self._next_sequence = max(newest, self._delivered) + 1
        self._commit([], delete_at_rows=0)  # what the last process had delivered but not deleted yet

    def _create(self) -> None:
        journal_id = "".join(secrets.choice(JOURNAL_ID_CHARACTERS) for _ in range(JOURNAL_ID_LENGTH))
        self._db.execute("BEGIN IMMEDIATE")
        for statement in SCHEMA.split(";"):
            self._db.execute(statement)
        self._db.executemany("INSERT INTO meta VALUES (?, ?)", [("journal_id", journal_id), ("delivered", 0)])
        self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        self._db.execute("COMMIT")

    def _meta(self, name: str) -> str:
        return str(self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])

    def _do(self, operation: Operation, records: list[Record]) -> None:
        match operation:
            case Append(reading):
                records.append(self._encode(reading))
            case Hold(reading):
                payload = wire.encode_held(reading)
                row = (reading.sensor_id, zlib.crc32(payload), payload)
                self._db.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", row)
            case Release(reading):
                self._db.execute("DELETE FROM held WHERE sensor_id = ?", (reading.sensor_id,))
                records.append(self._encode(reading))
            case Delivered():
                pass  # _mark_delivered has done it, before anything that needs room
            case Quarantine(record, reason):
                aside = (record.sequence, reason, record.timestamp_ms, record.key, record.value)
                self._db.execute("INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?)", aside)

    def _encode(self, reading: Reading) -> Record:
        record = wire.encode(reading, self.name, self._next_sequence)
        self._next_sequence += 1
        return record

    def _insert(self, records: list[Record]) -> None:
        rows = [(r.sequence, _crc(r.key, r.value), r.timestamp_ms, r.key, r.value) for r in records]
        self._db.executemany("INSERT INTO queue VALUES (?, ?, ?, ?, ?)", rows)

    def _mark_delivered(self, operations: Sequence[Operation], delete_at_rows: int) -> None:
        through = max((one.through for one in operations if isinstance(one, Delivered)), default=0)
        if through > self._delivered:
            self._delivered = through
            self._db.execute("UPDATE meta SET value = ? WHERE name = 'delivered'", (through,))
        oldest = self._db.execute("SELECT min(sequence) FROM queue").fetchone()[0]
        if oldest is not None and oldest <= self._delivered and self._delivered - oldest + 1 >= delete_at_rows:
            self._db.execute("DELETE FROM queue WHERE sequence <= ?", (self._delivered,))


def _crc(key: bytes, value: bytes) -> int:
    return zlib.crc32(value, zlib.crc32(key))


def _lock(path: Path) -> int:
    """Take the lock file beside the journal; it holds our PID, for the message of whoever comes second."""
    lock_path = path.with_name(path.name + ".lock")
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


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Give SQLite's and the system's errors the words and the class that the gateway acts on."""
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise SpoolError(f"the journal {path} cannot be used: {exc}; {_remedy(exc)}") from exc


def _remedy(exc: sqlite3.Error | OSError) -> str:
    text = str(exc).lower()
    if "full" in text or "no space" in text:
        return "make room on its disk or raise journal.max_bytes; nothing was acknowledged"
    if isinstance(exc, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return "the file is damaged: move it away to start with an empty one, and keep it for a look"
    return "check that its folder exists and that this user may write there (journal.path)"
