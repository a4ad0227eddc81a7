"""Readings on their way to Kafka, in order, on disk.

Stdlib sqlite3 in WAL mode with synchronous=FULL: what that survives, and what the alternatives
cost, is in docs/decisions/0003-journal-on-sqlite.md.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import structlog

from gateway import wire
from gateway.errors import SpoolError
from gateway.journal import inspect, tables
from gateway.journal.database import JOURNAL_ID_CHARACTERS, JOURNAL_ID_LENGTH, connect
from gateway.journal.folder import has_lock, is_damage, prepare, translated
from gateway.journal.high_mark import HighMark
from gateway.journal.operations import Append, Delivered, DropOldest, Hold, Operation, Quarantine, Release, Remember
from gateway.journal.place import bring_back, identity, is_in_place, require_in_place
from gateway.journal.room import Room
from gateway.journal.salvage import put_aside
from gateway.model import Reading, Record

log = structlog.get_logger()

DELETE_AT_ROWS = 2_000  # delivered rows are deleted in bulk; the mark tells which they are until then


FREEING = (Delivered, Quarantine, DropOldest)


class Journal:
    """Used by one thread at a time; nothing else opens the file.

    Args:
        path: the database file; its folder is created when it is missing.
        gateway_id: the first part of every event_id.
        max_bytes: the size that the file never exceeds.

    Attributes:
        name: `gateway_id/journal_id`, what every event_id begins with.
        damaged_total: records that were not what was written, put aside since this object was made.
        dropped_total: records given up for room and lost with it.
        given_up_through: the newest record that was given up, lost or not.

    Raises:
        AlreadyRunning: another process has the journal open.
        SpoolError: the file or its folder cannot be used; the text says why.
    """

    def __init__(self, path: Path, gateway_id: str, max_bytes: int) -> None:
        self._path = path
        self._gateway_id = gateway_id
        self._max_bytes = max_bytes
        self._delivered = 0
        self._next_sequence = 1
        self._interrupted: tuple[int, list[Record]] | None = None  # sequence before it, and what it would have added
        self._unusable: SpoolError | None = None  # why the file must be opened anew
        self.damaged_total = 0
        self.dropped_total = 0
        self._lock_fd = prepare(path)
        try:
            with translated(path):
                self._mark = HighMark(path)
                self._open()
        except BaseException:
            os.close(self._lock_fd)
            raise
        self.given_up_through = self._delivered

    @property
    def delivered(self) -> int:
        """The sequence up to which Kafka has everything; below 1 when salvaged records wait."""
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
            SpoolError: nothing was changed, as far as anyone can know. The same call, with what frees room
                perhaps added, may succeed later; it opens the file anew first, see `recover`.
        """
        operations = list(operations)
        if self._unusable is not None and (recovered := self.recover(self._unusable)) is not None:
            try:
                self._commit(_frees(operations))  # what came on top since the first attempt
            except SpoolError as exc:
                self._unusable = exc  # the records are in the file, and that is what counts
            return recovered
        try:
            records = self._commit(operations)
        except SpoolError as exc:
            if not exc.full:
                self._unusable = exc
                raise
            self._interrupted = None  # SQLite has seen that there is no room, and rolled back
            # A full journal may hold delivered rows, whose room is enough: delete them first, in their own commit.
            self._free(_frees(operations))
            records = self._commit([one for one in operations if not isinstance(one, FREEING)])
        self._interrupted = None
        return records

    def recover(self, error: SpoolError) -> list[Record] | None:
        """Open the file anew after `apply` or `read` failed with `error`, for another reason than room.

        After a failed fsync the memory of SQLite and of the kernel says nothing about the disk: only
        reading the file again does. A damaged file is put aside, and what can be read of it kept; one that
        was deleted is still open, and written anew.

        Returns:
            The records of the failed commit when it turned out to be in the file; None: apply it again.

        Raises:
            SpoolError: it cannot be opened; try again later.
        """
        name = self.name
        with translated(self._path):
            if not is_in_place(self._path, self._identity):
                self._bring_back()
            self._db.close()
            self._open(damage=error.__cause__ if is_damage(error.__cause__) else None)
        # Only now: opening can fail as well, and the next attempt must know which commit it was.
        interrupted, self._interrupted, self._unusable = self._interrupted, None, None
        if interrupted is not None and self.name == name:
            before, records = interrupted
            if records and self._next_sequence == before + len(records):
                return records
        return None

    def read(self, after: int, limit: int) -> list[Record]:
        """The first `limit` queued records with a sequence above `after`, in order; fewer when there are no more.

        A record that is not what was written goes to quarantine.

        Raises:
            SpoolError: the file cannot be read.
        """
        after = max(after, self._delivered)
        with translated(self._path):
            while True:
                records, damaged = tables.queued(self._db, after, limit)
                if not damaged:
                    return records
                self._put_damaged_aside(damaged)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Look into the file, see inspect.py; changes nothing.

        Raises:
            SpoolError: the request is not understood, or the file cannot be read.
        """
        with translated(self._path):
            return inspect.answer(self._db, request)

    def size(self) -> tuple[int, int, int | None]:
        """See inspect.size.

        Raises:
            SpoolError: the file cannot be read.
        """
        with translated(self._path):
            return inspect.size(self._db)

    def held(self) -> list[Reading]:
        """The readings that waited for their second to end when the journal was last closed."""
        with translated(self._path):
            return tables.held(self._db)

    def position(self, source: str) -> str | None:
        """How far this source has been read, as it was when its readings were committed; None: never.

        Raises:
            SpoolError: the file cannot be read.
        """
        with translated(self._path):
            return tables.position(self._db, source)

    def close(self) -> None:
        """Close the file and let the next process have it."""
        try:
            self._db.close()
        finally:
            self._mark.close()
            os.close(self._lock_fd)

    def _open(self, damage: BaseException | None = None) -> None:
        if damage is None:
            try:
                self._db = connect(self._path, self._max_bytes)
            except sqlite3.DatabaseError as exc:
                if not is_damage(exc):
                    raise
                damage = exc
        if damage is not None:
            self._replace_damaged(damage)
        self._room = Room(self._path, self._db)
        self._identity = identity(self._path)
        self._load()
        marked_id, newest = self._mark.read()
        if damage is None and newest > 0 and marked_id != self._journal_id:
            log.error(
                "journal_lost",
                path=str(self._path),
                journal=f"{self._gateway_id}/{marked_id}",
                last_sequence=newest,
                effect="the file was emptied, deleted or replaced; what waited in it is gone",
            )
        if newest > self.last_sequence and marked_id == self._journal_id:
            log.error(
                "journal_lost_commits",
                path=str(self._path),
                from_sequence=self._next_sequence,
                to_sequence=newest,
                effect="readings that were safe are gone; the disk or its cache is not trustworthy",
            )
            # Those numbers are in use: going on from here would give two readings the same event_id.
            self._renew(self.read(self._delivered, -1))
        self._mark.write(self._journal_id, self.last_sequence)
        try:
            self._free([])  # what the last process had delivered but not deleted yet
        except SpoolError as exc:
            if not exc.full:
                raise
            # What waits can be sent all the same, and deleting it makes the room.
            log.error("journal_full", path=str(self._path), error=str(exc))

    def _bring_back(self) -> None:
        if not has_lock(self._path, self._lock_fd):
            lost, self._lock_fd = self._lock_fd, prepare(self._path)
            os.close(lost)
        bring_back(self._db, self._path)
        self._identity = identity(self._path)
        self._mark.close()
        self._mark = HighMark(self._path)

    def _load(self) -> None:
        meta = dict(self._db.execute("SELECT name, value FROM meta").fetchall())
        self._journal_id = str(meta["journal_id"])
        self.name = f"{self._gateway_id}/{self._journal_id}"
        self._delivered = int(meta["delivered"])
        self._next_sequence = max(tables.newest(self._db) or 0, self._delivered, 0) + 1

    def _replace_damaged(self, damage: BaseException) -> None:
        salvage = put_aside(self._path)
        self._db = connect(self._path, self._max_bytes)
        self._load()
        self._renew(salvage.records)
        log.error(
            "journal_damaged",
            path=str(self._path),
            error=str(damage),
            moved_to=str(salvage.moved_to),
            salvaged=len(salvage.records),
        )

    def _renew(self, waiting: list[Record]) -> None:
        """Begin a new journal id; what waits goes first, under the event ids it has, numbered up to 0 in the queue."""
        journal_id = "".join(secrets.choice(JOURNAL_ID_CHARACTERS) for _ in range(JOURNAL_ID_LENGTH))
        first = 1 - len(waiting)
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM queue")
        tables.enqueue(
            self._db, [Record(first + place, old.key, old.value, old.timestamp_ms) for place, old in enumerate(waiting)]
        )
        self._db.execute("UPDATE meta SET value = ? WHERE name = 'journal_id'", (journal_id,))
        tables.mark_delivered(self._db, first - 1)
        self._db.execute("COMMIT")
        self._load()
        self.given_up_through = self._delivered

    def _commit(self, operations: Sequence[Operation], delete_at_rows: int = DELETE_AT_ROWS) -> list[Record]:
        next_sequence, delivered = self._next_sequence, self._delivered
        records: list[Record] = []
        given_up: list[int] = []
        with translated(self._path):
            try:
                self._room.check()
                self._db.execute("BEGIN IMMEDIATE")
                given_up = self._make_room(operations, delete_at_rows)
                held: dict[str, Reading | None] = {}  # by sensor, after all of it; None: nothing
                for operation in operations:
                    self._do(operation, records, held)
                tables.enqueue(self._db, records)
                tables.hold(self._db, held)
                self._db.execute("COMMIT")
                require_in_place(self._path, self._identity)
            except BaseException:
                if self._interrupted is None:
                    self._interrupted = (next_sequence, records)
                self._next_sequence, self._delivered = next_sequence, delivered
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        if given_up:
            self.given_up_through = given_up[-1]
            self.dropped_total += self._lost(operations, given_up)
        if records:
            self._mark.write(self._journal_id, self.last_sequence)
        return records

    def _lost(self, operations: Sequence[Operation], given_up: list[int]) -> int:
        kept = [
            one.in_memory_through for one in operations if isinstance(one, DropOldest) and one.journal_name == self.name
        ]
        return sum(sequence > max(kept, default=self._delivered) for sequence in given_up)

    def _free(self, operations: Sequence[Operation]) -> None:
        """Delete what was delivered, on a disk that may be full."""
        self._room.spend()
        self._delete_in_steps(self._through(operations))
        self._commit(operations, delete_at_rows=0)
        self._begin_wal_anew()

    def _begin_wal_anew(self) -> None:
        """Bring the WAL into the file. Its own blocks are kept: on a full disk they are what commits are written to."""
        with translated(self._path):
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def _delete_in_steps(self, through: int) -> None:
        """Delete what was delivered, as many rows at a time as the room left allows: each step makes more of it."""
        rows = DELETE_AT_ROWS
        while (oldest := tables.oldest(self._db)) is not None:
            upto = min(oldest + rows - 1, through)
            if upto < oldest:
                return
            try:
                with translated(self._path):
                    self._db.execute("BEGIN IMMEDIATE")
                    tables.mark_delivered(self._db, max(self._delivered, upto))
                    tables.delete_through(self._db, upto)
                    self._db.execute("COMMIT")
                self._begin_wal_anew()
            except SpoolError as exc:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if not exc.full or rows == 1:
                    raise
                rows = max(rows // 10, 1)
            else:
                self._delivered = max(self._delivered, upto)

    def _through(self, operations: Sequence[Operation]) -> int:
        marks = [one.through for one in operations if isinstance(one, Delivered) and one.journal_name == self.name]
        return max([*marks, self._delivered])

    def _make_room(self, operations: Sequence[Operation], delete_at_rows: int) -> list[int]:
        """What frees pages, before anything that needs some; tells which records were given up for it."""
        through = self._through(operations)
        if through > self._delivered:
            self._delivered = through
            tables.mark_delivered(self._db, through)
        oldest = tables.oldest(self._db)
        if oldest is not None and oldest <= self._delivered and self._delivered - oldest + 1 >= delete_at_rows:
            tables.delete_through(self._db, self._delivered)
        count = sum(one.count for one in operations if isinstance(one, DropOldest))
        return tables.delete_oldest(self._db, self._delivered, count) if count else []

    def _do(self, operation: Operation, records: list[Record], held: dict[str, Reading | None]) -> None:
        match operation:
            case Append(reading):
                records.append(self._encode(reading))
            case Hold(reading):
                held[reading.sensor_id] = reading
            case Release(reading):
                held[reading.sensor_id] = None
                records.append(self._encode(reading))
            case Remember(position):
                tables.remember(self._db, position.source, position.text)
            case Quarantine(record, reason):
                tables.put_aside(self._db, record, reason)
            case Delivered() | DropOldest():
                pass  # _make_room has done it

    def _encode(self, reading: Reading) -> Record:
        record = wire.encode(reading, self.name, self._next_sequence)
        self._next_sequence += 1
        return record

    def _put_damaged_aside(self, sequences: list[int]) -> None:
        log.error("records_damaged", path=str(self._path), sequences=sequences, effect="kept in quarantine")
        self._db.execute("BEGIN IMMEDIATE")
        tables.move_damaged_aside(self._db, sequences)
        self._db.execute("COMMIT")
        self.damaged_total += len(sequences)


def _frees(operations: Sequence[Operation]) -> list[Operation]:
    """Those that come before new records when there is no room."""
    return [one for one in operations if isinstance(one, FREEING)]
