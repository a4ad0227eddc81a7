import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import Enum, auto
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import Any

from suhu_jobs.alert import Alert
from suhu_jobs.errors import StorageError
from suhu_jobs.flag import Flag
from suhu_jobs.lock import Lock
from suhu_jobs.unwritten import Unwritten

REMEMBERED_RESENDS = 200_000  # warned event_ids by which a gateway's resend is recognised; some 15 MB
COMMITS_PER_FOLD = 256  # SQLite's log is folded into the database when idle; each commit adds some 12 KB to it
COMMITS_PER_FORCED_FOLD = 512  # some 8 MB: a burst of warnings is never idle
RETRY_S = 2.0  # after a write that failed: a disk that is full stays full for a while

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (alerts_partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS marks (
    topic TEXT, partition INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intents (alert TEXT PRIMARY KEY, resend_key BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS doubts (alerts_partition INTEGER PRIMARY KEY, until_offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS warned (number INTEGER PRIMARY KEY, resend_key BLOB NOT NULL UNIQUE);
"""


class Verdict(Enum):
    """What is known of an alert before it is printed."""

    NEW = auto()
    REPLAYED = auto()  # printed: Spark wrote the alert again after a restart
    RESENT = auto()  # printed: the gateway sent the reading again, as another record
    UNCERTAIN = auto()  # the job was killed before it could put down that it was printed: print it, marked as a repeat


class Ledger:
    """What has been printed, so that every reading is warned of once, over restarts and kill -9.

    Printing and remembering cannot be one atomic step, so they are three: `intend`, print, `mark`. A kill leaves at
    most one alert intended and not marked, and that one is printed again with a word of warning. Nothing is synced to
    the disk on the way: the page cache survives a killed process. After a power cut the last lines may be repeated.

    A replay is recognised by one mark per partition of the readings topic. That is enough because each run of the
    query writes a partition's alerts in the order of its readings and never leaves one out (its producer gives up on
    nothing). A resend has a new offset, and is recognised by its event_id among the last REMEMBERED_RESENDS.

    What is put down counts at once, and outlasts the process when it is written, with the next intent or commit. While
    the disk is full it waits in memory, and a flag on the disk says that it does: this life repeats nothing, and a
    start after a kill is in doubt about what it finds in the alerts topic, and prints that marked as a repeat.

    Used by one thread at a time. The methods that write raise StorageError when they cannot, and forget nothing.
    """

    def __init__(self, directory: Path, remembered_resends: int = REMEMBERED_RESENDS, retry_s: float = RETRY_S) -> None:
        """Open the ledger in `directory`, which is created, and lock it.

        Raises:
            StorageError: the directory cannot be written.
            AlreadyRunning: another job holds it.
        """
        self._directory = directory
        self.set_aside: Path | None = None  # an unreadable ledger that was found, and moved here
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(directory / "lock")
            self._behind = Flag(directory / "behind")  # raised while something waits in memory for the disk
            self._database = self._open(directory / "printed.sqlite")
            # One for each kill whose alert has not come by again yet: its name, and what a resend of it would have.
            self._uncertain: dict[str, bytes | None] = dict(self._all("intents"))
            self._marks: dict[tuple[str, int], int] = {(row[0], row[1]): row[2] for row in self._all("marks")}
            self._positions: dict[int, int] = dict(self._all("positions"))
            self._doubts: dict[int, int] = dict(self._all("doubts"))
        except (OSError, sqlite3.OperationalError) as exc:
            raise StorageError(
                f"cannot keep what has been printed in {directory} ({exc}): "
                "make it writable for this user, or give another --state"
            ) from exc
        self.was_behind = self._behind.is_up  # the last life ended before it could write what it had printed
        self._unwritten = Unwritten()
        self._remembered = remembered_resends
        self._retry_s = retry_s
        self._next_try_s = 0.0  # monotonic
        self._commits = 0

    def judge(self, alert: Alert, alerts_partition: int = 0, alerts_offset: int | None = None) -> Verdict:
        """Say whether an alert is still to be printed, by itself and by where it stands in the alerts topic."""
        key = _digest(alert)
        if _name(alert) in self._uncertain or (key is not None and key in self._uncertain.values()):
            return Verdict.UNCERTAIN
        if alert.offset <= self._marks.get((alert.topic, alert.partition), -1):
            return Verdict.REPLAYED
        if key is not None and (key in self._unwritten.resends or self._warned(key)):
            return Verdict.RESENT
        in_doubt = alerts_offset is not None and alerts_offset < self._doubts.get(alerts_partition, 0)
        return Verdict.UNCERTAIN if in_doubt else Verdict.NEW

    def intend(self, alert: Alert) -> None:
        """Put down that this alert is about to be printed, together with everything marked before."""
        self._unwritten.intents = {**self._uncertain, _name(alert): _digest(alert)}
        self.commit()

    def mark(self, alert: Alert) -> None:
        """Put down that this alert is printed, or known to have been."""
        place, name, key = (alert.topic, alert.partition), _name(alert), _digest(alert)
        for one, its_key in list(self._uncertain.items()):
            if one == name or (key is not None and its_key == key):
                del self._uncertain[one]
        self._unwritten.intents = dict(self._uncertain)
        self._marks[place] = self._unwritten.marks[place] = max(alert.offset, self._marks.get(place, -1))
        if key is not None:
            self._unwritten.remember(key, self._remembered)

    def advance(self, alerts_partition: int, next_offset: int) -> None:
        """Put down how far the alerts topic has been read."""
        self._positions[alerts_partition] = self._unwritten.positions[alerts_partition] = next_offset

    def commit(self) -> None:
        """Make everything so far outlast a kill; not tried again for a while after it failed."""
        if not self._unwritten:
            return
        if monotonic() < self._next_try_s:
            raise StorageError("what was printed is not written yet")
        try:
            self._write_or_make_room()
        except StorageError:
            self._next_try_s = monotonic() + self._retry_s
            self._behind.put(up=True)
            raise
        self._unwritten = Unwritten()
        if not self.was_behind:
            self._behind.put(up=False)
        self._commits += 1
        if self._commits >= COMMITS_PER_FORCED_FOLD:
            with suppress(StorageError):
                self._fold()

    def idle(self) -> None:
        """Do the upkeep that would delay a warning if it were done between two of them."""
        if self._commits >= COMMITS_PER_FOLD:
            self._fold()

    def positions(self) -> dict[int, int]:
        """The next offset to read of each partition of the alerts topic; those never read are missing."""
        return dict(self._positions)

    def set_positions(self, positions: Mapping[int, int], doubts: Mapping[int, int] | None = None) -> None:
        """Replace all positions, at once.

        Args:
            positions: the next offset of each partition of the alerts topic.
            doubts: up to where what stands there may have been printed, although no mark says so.
        """
        self._unwritten.positions.clear()
        with self._change() as database:
            for table, offsets in (("positions", positions), ("doubts", doubts or {})):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names
                database.executemany(f"INSERT INTO {table} VALUES (?, ?)", offsets.items())  # noqa: S608 - as above
        self._positions, self._doubts = dict(positions), dict(doubts or {})
        self._behind.put(up=False)
        self.was_behind = False

    def marks(self, topic: str) -> dict[int, int]:
        """The highest offset warned of, of each partition of a readings topic."""
        return {partition: offset for (name, partition), offset in self._marks.items() if name == topic}

    def forget_marks(self, topic: str) -> None:
        """The readings topic begins anew: its offsets no longer say what was printed. Resends stay recognised."""
        self.commit()
        with self._change() as database:
            database.execute("DELETE FROM marks WHERE topic = ?", (topic,))
            database.execute("DELETE FROM intents")  # they name alerts by offset, too
        self._marks = {place: offset for place, offset in self._marks.items() if place[0] != topic}
        self._uncertain.clear()

    def facts(self) -> dict[str, str]:
        """What was put down about the job and its topics; empty in a new ledger."""
        with self._access() as database:
            return dict(database.execute("SELECT name, value FROM facts").fetchall())

    def put_facts(self, facts: Mapping[str, str]) -> None:
        """Put down facts, at once, beside or in place of those that are there."""
        if facts.items() <= self.facts().items():
            return  # nothing to write, which a full disk could not
        with self._change() as database:
            database.executemany("REPLACE INTO facts VALUES (?, ?)", facts.items())

    def close(self) -> None:
        """Commit, fold the log and unlock."""
        self._next_try_s = 0.0  # one last time, at once
        try:
            self.commit()
        finally:
            self._database.close()
            self._lock.release()

    def _write_or_make_room(self) -> None:
        try:
            self._write()
        except StorageError:
            self._fold()  # the log itself may be what fills the disk; from now on it is written from its beginning
            self._write()

    def _write(self) -> None:
        with self._change() as database:
            self._unwritten.write(database, self._remembered)

    def _fold(self) -> None:
        self._commits = 0
        with self._access() as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _all(self, table: str) -> list[Any]:
        return self._database.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - one of our own

    def _warned(self, key: bytes) -> bool:
        with self._access() as database:
            return database.execute("SELECT 1 FROM warned WHERE resend_key = ?", (key,)).fetchone() is not None

    @contextmanager
    def _access(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database
        except sqlite3.Error as exc:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise StorageError(f"cannot write what has been printed into {self._directory} ({exc}): make room") from exc

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._access() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            return _open_database(path)
        except sqlite3.OperationalError:
            raise  # the file system says no: another file would not do better
        except sqlite3.DatabaseError:
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
            self.set_aside = path.with_name(f"{path.name}.bad-{stamp}")
            path.rename(self.set_aside)
            for part in ("-wal", "-shm"):
                path.with_name(path.name + part).unlink(missing_ok=True)
            return _open_database(path)


def _open_database(path: Path) -> sqlite3.Connection:
    # One thread at a time uses it, but not always the same: the reader's, and before and after it the job's.
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")  # the lock is ours: no file of shared memory is needed
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")  # syncs when the log is folded, not with every line
        database.execute("PRAGMA wal_autocheckpoint = 0")  # `idle` does it
        database.executescript(_SCHEMA)
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("quick_check failed")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _name(alert: Alert) -> str:
    return f"{alert.topic}/{alert.partition}/{alert.offset}"


def _digest(alert: Alert) -> bytes | None:
    key = alert.resend_key
    return None if key is None else blake2b(key.encode(), digest_size=16).digest()
