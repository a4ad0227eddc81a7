"""The journal's tables, one function per thing that is done to them; transactions are the caller's."""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence

from gateway import wire
from gateway.journal.salvage import crc, intact
from gateway.model import Reading, Record

# sqlite3 lets another thread run with every row of executemany(), and then waits for its turn again: a group of
# a thousand took 8 ms, in statements of many rows it takes 2. SQLite before 3.32 has 999 parameters, here 5 a row.
ROWS_AT_ONCE = 100
INSERT_ONE = "INSERT INTO queue VALUES (?, ?, ?, ?, ?)"
INSERT_MANY = INSERT_ONE + ", (?, ?, ?, ?, ?)" * (ROWS_AT_ONCE - 1)
POSITION_OF = "position of "  # and the source's name: a key of the table meta


def enqueue(database: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Add records to the queue."""
    whole = len(records) - len(records) % ROWS_AT_ONCE
    for first in range(0, whole, ROWS_AT_ONCE):
        database.execute(INSERT_MANY, [value for one in records[first : first + ROWS_AT_ONCE] for value in _row(one)])
    database.executemany(INSERT_ONE, map(_row, records[whole:]))


def _row(record: Record) -> tuple[int, int, int, bytes, bytes]:
    return record.sequence, crc(record.key, record.value), record.timestamp_ms, record.key, record.value


def queued(database: sqlite3.Connection, after: int, limit: int) -> tuple[list[Record], list[int]]:
    """The first `limit` records with a sequence above `after`, and the sequences of those that are damaged."""
    rows = database.execute(
        "SELECT sequence, crc, timestamp_ms, key, value FROM queue WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (after, limit),
    ).fetchall()
    records = [record for row in rows if (record := intact(*row)) is not None]
    if len(records) == len(rows):
        return records, []
    good = {record.sequence for record in records}
    return records, [row[0] for row in rows if row[0] not in good]


def oldest(database: sqlite3.Connection) -> int | None:
    """The lowest sequence in the queue."""
    found: int | None = database.execute("SELECT min(sequence) FROM queue").fetchone()[0]
    return found


def newest(database: sqlite3.Connection) -> int | None:
    """The highest sequence in the queue."""
    found: int | None = database.execute("SELECT max(sequence) FROM queue").fetchone()[0]
    return found


def delete_through(database: sqlite3.Connection, sequence: int) -> None:
    """Delete the records up to this one."""
    database.execute("DELETE FROM queue WHERE sequence <= ?", (sequence,))


def delete_oldest(database: sqlite3.Connection, after: int, count: int) -> list[int]:
    """Delete the first `count` records above `after`, and tell which they were, in order."""
    found = "SELECT sequence FROM queue WHERE sequence > ? ORDER BY sequence LIMIT ?"
    sequences = [int(row[0]) for row in database.execute(found, (after, count))]
    if sequences:
        database.execute("DELETE FROM queue WHERE sequence > ? AND sequence <= ?", (after, sequences[-1]))
    return sequences


def mark_delivered(database: sqlite3.Connection, through: int) -> None:
    """Note that the sink has everything up to this sequence."""
    database.execute("UPDATE meta SET value = ? WHERE name = 'delivered'", (through,))


def put_aside(database: sqlite3.Connection, record: Record, reason: str) -> None:
    """Add a record to the quarantine."""
    aside = (record.sequence, reason, record.timestamp_ms, record.key, record.value)
    database.execute("INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?, ?, ?)", aside)


def move_damaged_aside(database: sqlite3.Connection, sequences: Sequence[int]) -> None:
    """Move records that are not what was written from the queue to the quarantine."""
    for sequence in sequences:
        database.execute(
            "INSERT OR REPLACE INTO quarantine SELECT sequence, 'damaged: its checksum differs',"
            " ifnull(timestamp_ms, 0), ifnull(key, x''), ifnull(value, x'') FROM queue WHERE sequence = ?",
            (sequence,),
        )
        database.execute("DELETE FROM queue WHERE sequence = ?", (sequence,))


def hold(database: sqlite3.Connection, held: Mapping[str, Reading | None]) -> None:
    """Keep the reading of each sensor that waits for its second to end; None: it waits no more."""
    for sensor_id, reading in held.items():
        if reading is None:
            database.execute("DELETE FROM held WHERE sensor_id = ?", (sensor_id,))
        else:
            payload = wire.encode_held(reading)
            row = (sensor_id, zlib.crc32(payload), payload)
            database.execute("INSERT OR REPLACE INTO held VALUES (?, ?, ?)", row)


def held(database: sqlite3.Connection) -> list[Reading]:
    """The readings that wait for their second to end, without damaged ones."""
    rows = database.execute("SELECT crc, reading FROM held ORDER BY sensor_id").fetchall()
    return [wire.decode_held(payload) for checksum, payload in rows if checksum == zlib.crc32(payload)]


def remember(database: sqlite3.Connection, source: str, position: str) -> None:
    """Note how far a source has been read."""
    database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (POSITION_OF + source, position))


def position(database: sqlite3.Connection, source: str) -> str | None:
    """How far a source has been read; None: never."""
    row = database.execute("SELECT value FROM meta WHERE name = ?", (POSITION_OF + source,)).fetchone()
    return row[0] if row is not None and isinstance(row[0], str) else None
