"""The SQLite file: its settings, its tables, and how an older one becomes a current one."""

import secrets
import sqlite3
import string
from pathlib import Path

from gateway.errors import SpoolError

PAGE_BYTES = 4096
FEWEST_PAGES = 64
JOURNAL_ID_CHARACTERS = string.ascii_lowercase + string.digits
JOURNAL_ID_LENGTH = 8  # 2.8e12 ids: two journals of one gateway never share one

# MIGRATIONS[n] turns schema n into n + 1; an empty file has schema 0. Never change one that was released.
MIGRATIONS = (
    (
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
        "CREATE TABLE queue (sequence INTEGER PRIMARY KEY, crc INTEGER NOT NULL, timestamp_ms INTEGER NOT NULL,"
        " key BLOB NOT NULL, value BLOB NOT NULL)",
        "CREATE TABLE held (sensor_id TEXT PRIMARY KEY, crc INTEGER NOT NULL, reading BLOB NOT NULL) WITHOUT ROWID",
        "CREATE TABLE quarantine (sequence INTEGER PRIMARY KEY, reason TEXT NOT NULL, timestamp_ms INTEGER NOT NULL,"
        " key BLOB NOT NULL, value BLOB NOT NULL)",
        "INSERT INTO meta VALUES ('journal_id', :journal_id)",
        "INSERT INTO meta VALUES ('delivered', 0)",
    ),
)
SCHEMA_VERSION = len(MIGRATIONS)


def connect(path: Path, max_bytes: int) -> sqlite3.Connection:
    """Open or create the file, and bring it to the current schema.

    Raises:
        sqlite3.Error: it cannot be opened, or is damaged.
        SpoolError: it was written by a newer gateway.
    """
    # Opened by the thread that reports its errors to a person, used by the committer's from then on.
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute(
            "PRAGMA locking_mode = EXCLUSIVE"
        ).fetchall()  # before WAL: then no shared memory file is needed
        _refuse_newer(database, path)
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL loses the last commits in a power cut
            "wal_autocheckpoint = 256",
            f"journal_size_limit = {1 << 20}",
            f"max_page_count = {max(max_bytes // PAGE_BYTES, FEWEST_PAGES)}",
        ):
            database.execute(f"PRAGMA {pragma}").fetchall()
        _migrate(database)
        # Damage that a missing table does not show; bounded by the number of tables, not of rows.
        for table in ("meta", "queue", "held", "quarantine"):
            database.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()  # noqa: S608 - names from this line
    except BaseException:
        database.close()
        raise
    return database


def _refuse_newer(database: sqlite3.Connection, path: Path) -> None:
    """Before anything is set or written: nobody here knows what would suit it."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise SpoolError(
            f"the journal {path} has schema {version}, this gateway knows {SCHEMA_VERSION}: "
            "start the newer gateway that wrote it, or give this one a journal of its own (journal.path)"
        )


def _migrate(database: sqlite3.Connection) -> None:
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == SCHEMA_VERSION:
        return
    values = {"journal_id": "".join(secrets.choice(JOURNAL_ID_CHARACTERS) for _ in range(JOURNAL_ID_LENGTH))}
    database.execute("BEGIN IMMEDIATE")
    for migration in MIGRATIONS[version:]:
        for statement in migration:
            database.execute(statement, values if ":" in statement else {})
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    database.execute("COMMIT")
