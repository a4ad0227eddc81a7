import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import Enum, auto
from hashlib import blake2b
from pathlib import Path

from suhu_jobs.alert import Alert
from suhu_jobs.errors import StorageError
from suhu_jobs.lock import Lock

REMEMBERED_RESENDS = 200_000  # warned event_ids by which a gateway's resend is recognised; some 15 MB
COMMITS_PER_FOLD = 256  # SQLite's log is folded into the database when idle; each commit adds some 12 KB to it
COMMITS_PER_FORCED_FOLD = 8_192

_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (alerts_partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS marks (
    topic TEXT, partition INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS intents (alert TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS warned (number INTEGER PRIMARY KEY, resend_key BLOB NOT NULL UNIQUE);
"""


class Verdict(Enum):
    """What is known of an alert before it is printed."""

    NEW = auto()
    REPLAYED = auto()  # printed: Spark wrote the alert again after a restart
    RESENT = auto()  # printed: the gateway sent the reading again, as another record
    UNCERTAIN = auto()  # the job was killed between the intent to print it and the mark: print it, marked as a repeat


class Ledger:
    """What has been printed, so that every reading is warned of once, over restarts and kill -9.

    Printing and remembering cannot be one atomic step, so they are three: `intend`, print, `mark`. A kill leaves at
    most one alert intended and not marked, and that one is printed again with a word of warning. Nothing is synced to
    the disk on the way: the page cache survives a killed process. After a power cut the last lines may be repeated.

    A replay is recognised by one mark per partition of the readings topic. That is enough because each run of the
    query writes a partition's alerts in the order of its readings and never leaves one out (its producer gives up on
    nothing). A resend has a new offset, and is recognised by its event_id among the last REMEMBERED_RESENDS.

    Used by one thread at a time. Every method may raise StorageError; what was not permanent is then forgotten.
    """

    def __init__(self, directory: Path, remembered_resends: int = REMEMBERED_RESENDS) -> None:
        """Open the ledger in `directory`, which is created, and lock it.

        Raises:
            StorageError: the directory cannot be written.
            AlreadyRunning: another job holds it.
        """
        self.set_aside: Path | None = None  # an unreadable ledger that was found, and moved here
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock = Lock(directory / "lock")
            self._database = self._open(directory / "printed.sqlite")
        except (OSError, sqlite3.OperationalError) as exc:
            raise StorageError(
                f"cannot keep what has been printed in {directory} ({exc}): "
                "make it writable for this user, or give another --state"
            ) from exc
        self._remembered = remembered_resends
        self._commits = 0
        # One for each kill whose alert has not come by again yet.
        self._uncertain = {row[0] for row in self._database.execute("SELECT alert FROM intents")}

    def judge(self, alert: Alert) -> Verdict:
        """Say whether an alert is still to be printed."""
        if _name(alert) in self._uncertain:
            return Verdict.UNCERTAIN
        with self._access() as database:
            mark = database.execute(
                "SELECT offset FROM marks WHERE topic = ? AND partition = ?", (alert.topic, alert.partition)
            ).fetchone()
            if mark and alert.offset <= mark[0]:
                return Verdict.REPLAYED
            key = alert.resend_key
            if key and database.execute("SELECT 1 FROM warned WHERE resend_key = ?", (_digest(key),)).fetchone():
                return Verdict.RESENT
        return Verdict.NEW

    def intend(self, alert: Alert) -> None:
        """Put down that this alert is about to be printed, together with everything marked before."""
        with self._change() as database:
            database.execute("INSERT OR IGNORE INTO intents VALUES (?)", (_name(alert),))
        self.commit()

    def mark(self, alert: Alert) -> None:
        """Put down that this alert is printed, or known to have been; permanent with the next intent or commit."""
        self._uncertain.discard(_name(alert))
        with self._change() as database:
            database.execute("DELETE FROM intents WHERE alert = ?", (_name(alert),))
            database.execute(
                "INSERT INTO marks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET offset = max(offset, excluded.offset)",
                (alert.topic, alert.partition, alert.offset),
            )
            if alert.resend_key is not None:
                added = database.execute(
                    "INSERT OR IGNORE INTO warned (resend_key) VALUES (?)", (_digest(alert.resend_key),)
                )
                database.execute("DELETE FROM warned WHERE number <= ?", ((added.lastrowid or 0) - self._remembered,))

    def advance(self, alerts_partition: int, next_offset: int) -> None:
        """Put down how far the alerts topic has been read; permanent with the next intent or commit."""
        with self._change() as database:
            database.execute("REPLACE INTO positions VALUES (?, ?)", (alerts_partition, next_offset))

    def commit(self) -> None:
        """Make everything so far outlast a kill."""
        with self._access() as database:
            if not database.in_transaction:
                return
            database.execute("COMMIT")
        self._commits += 1
        if self._commits >= COMMITS_PER_FORCED_FOLD:
            self._fold()

    def idle(self) -> None:
        """Do the upkeep that would delay a warning if it were done between two of them."""
        if self._commits >= COMMITS_PER_FOLD:
            self._fold()

    def positions(self) -> dict[int, int]:
        """The next offset to read of each partition of the alerts topic; those never read are missing."""
        with self._access() as database:
            return dict(database.execute("SELECT alerts_partition, next_offset FROM positions").fetchall())

    def set_positions(self, positions: Mapping[int, int]) -> None:
        """Replace all positions, at once."""
        with self._change() as database:
            database.execute("DELETE FROM positions")
            database.executemany("INSERT INTO positions VALUES (?, ?)", positions.items())
        self.commit()

    def marks(self, topic: str) -> dict[int, int]:
        """The highest offset warned of, of each partition of a readings topic."""
        with self._access() as database:
            return dict(database.execute("SELECT partition, offset FROM marks WHERE topic = ?", (topic,)).fetchall())

    def forget_marks(self, topic: str) -> None:
        """The readings topic begins anew: its offsets no longer say what was printed. Resends stay recognised."""
        with self._change() as database:
            database.execute("DELETE FROM marks WHERE topic = ?", (topic,))
            database.execute("DELETE FROM intents")  # they name alerts by offset, too
        self._uncertain.clear()
        self.commit()

    def facts(self) -> dict[str, str]:
        """What was put down about the job and its topics; empty in a new ledger."""
        with self._access() as database:
            return dict(database.execute("SELECT name, value FROM facts").fetchall())

    def put_facts(self, facts: Mapping[str, str]) -> None:
        """Put down facts, at once, beside or in place of those that are there."""
        with self._change() as database:
            database.executemany("REPLACE INTO facts VALUES (?, ?)", facts.items())
        self.commit()

    def close(self) -> None:
        """Commit, fold the log and unlock."""
        try:
            self.commit()
            self._database.close()
        finally:
            self._lock.release()

    @contextmanager
    def _access(self) -> Iterator[sqlite3.Connection]:
        try:
            yield self._database
        except sqlite3.Error as exc:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise StorageError(f"the state of what has been printed cannot be kept: {exc}") from exc

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._access() as database:
            if not database.in_transaction:
                database.execute("BEGIN IMMEDIATE")
            yield database

    def _fold(self) -> None:
        self._commits = 0
        with self._access() as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

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


def _digest(resend_key: str) -> bytes:
    return blake2b(resend_key.encode(), digest_size=16).digest()
