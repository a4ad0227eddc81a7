"""Looking into a journal without changing it: the daemon on its own connection, `gateway spool` on the file."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.errors import SpoolError
from gateway.journal.folder import translated
from gateway.journal.salvage import intact

EXPORT_ROWS = 1_000  # per answer

Answer = dict[str, Any]


def size(database: sqlite3.Connection) -> tuple[int, int, int | None]:
    """The bytes in use, the most there may be, and when the first waiting record was measured (Unix ms, if any).

    Costs the same however much waits, so that it can be asked again and again.
    """
    delivered = int(database.execute("SELECT value FROM meta WHERE name = 'delivered'").fetchone()[0])
    oldest = database.execute(
        "SELECT timestamp_ms FROM queue WHERE sequence > ? ORDER BY sequence LIMIT 1", (delivered,)
    ).fetchone()
    page_bytes, pages, free_pages, most_pages = _pages(database)
    return (pages - free_pages) * page_bytes, most_pages * page_bytes, None if oldest is None else oldest[0]


def status(database: sqlite3.Connection, _: Answer) -> Answer:
    """How much waits, and how large the file is."""
    meta = dict(database.execute("SELECT name, value FROM meta").fetchall())
    delivered = int(meta["delivered"])
    waiting, oldest_ms = database.execute(
        "SELECT count(*), min(timestamp_ms) FROM queue WHERE sequence > ?", (delivered,)
    ).fetchone()
    newest = database.execute("SELECT max(sequence) FROM queue").fetchone()[0]
    page_bytes, pages, free_pages, most_pages = _pages(database)
    return {
        "journal_id": meta["journal_id"],
        "waiting": waiting,
        "oldest_waiting_ms": oldest_ms,
        "delivered": delivered,
        "last_sequence": max(newest or 0, delivered, 0),
        "held": database.execute("SELECT count(*) FROM held").fetchone()[0],
        "quarantined": database.execute("SELECT count(*) FROM quarantine").fetchone()[0],
        "bytes": pages * page_bytes,
        "free_bytes": free_pages * page_bytes,
        "max_bytes": most_pages * page_bytes,
    }


def verify(database: sqlite3.Connection, _: Answer) -> Answer:
    """Check every page and every record's checksum, and look for holes in what waits."""
    pages = [row[0] for row in database.execute("PRAGMA quick_check(20)").fetchall()]
    delivered = int(database.execute("SELECT value FROM meta WHERE name = 'delivered'").fetchone()[0])
    damaged, holes, checked = [], [], 0
    expected = delivered + 1
    rows = database.execute(
        "SELECT sequence, crc, timestamp_ms, key, value FROM queue WHERE sequence > ? ORDER BY sequence", (delivered,)
    )
    for row in rows:
        checked += 1
        if intact(*row) is None:
            damaged.append(row[0])
        if row[0] > expected:
            holes.append([expected, row[0] - 1])
        expected = row[0] + 1
    found = [] if pages == ["ok"] else pages
    return {
        "ok": not (found or damaged or holes),
        "checked": checked,
        "damaged_pages": found,
        "damaged_records": damaged,
        "holes": holes,
    }


def export(database: sqlite3.Connection, request: Answer) -> Answer:
    """The next records that wait, after the sequence `after`: an empty list is the end."""
    delivered = int(database.execute("SELECT value FROM meta WHERE name = 'delivered'").fetchone()[0])
    after = max(int(request.get("after", delivered)), delivered)
    rows = database.execute(
        "SELECT sequence, key, value FROM queue WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, EXPORT_ROWS)
    )
    return {"records": [_shown(*row) for row in rows]}


def quarantine(database: sqlite3.Connection, request: Answer) -> Answer:
    """The next records in quarantine, after the sequence `after`, each with its reason."""
    rows = database.execute(
        "SELECT sequence, key, value, reason FROM quarantine WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (int(request.get("after", -(1 << 62))), EXPORT_ROWS),
    )
    return {"records": [_shown(*row) for row in rows]}


COMMANDS: dict[str, Callable[[sqlite3.Connection, Answer], Answer]] = {
    "status": status,
    "verify": verify,
    "export": export,
    "quarantine": quarantine,
}


def answer(database: sqlite3.Connection, request: Answer) -> Answer:
    """Answer one request: `{"command": …}`.

    Raises:
        SpoolError: the command is unknown, or the file cannot be read.
    """
    command = COMMANDS.get(str(request.get("command")))
    if command is None:
        raise SpoolError(f"unknown command {request.get('command')!r}: one of {', '.join(COMMANDS)}")
    return command(database, request)


def answer_alone(path: Path, request: Answer) -> Answer:
    """Answer from the file of a journal that no daemon has open.

    Raises:
        SpoolError: there is no such file, or it cannot be read.
    """
    if not path.exists():
        raise SpoolError(f"there is no journal at {path}: give --config or --journal")
    with translated(path):
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            return answer(database, request)
        finally:
            database.close()


def _pages(database: sqlite3.Connection) -> list[int]:
    """The size of a page, and how many there are, are free, and may be."""
    names = ("page_size", "page_count", "freelist_count", "max_page_count")
    return [database.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


def _shown(sequence: int, key: object, value: object, reason: str | None = None) -> Answer:
    """A row for JSON; bytes that are no text are shown with replacement characters."""
    shown = {"sequence": sequence, "key": _text(key), "value": _text(value)}
    return shown if reason is None else {**shown, "reason": reason}


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
