"""A journal that is not what was written: nothing that can be read is lost, and no number is given twice."""

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import SpoolError
from gateway.journal import Append, Delivered, DropOldest, Journal
from gateway.journal.folder import network_file_system
from gateway.model import Reading

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC)
MIB = 1 << 20


def reading(celsius: float) -> Reading:
    return Reading("S1", celsius, MOMENT, "serial")


def journal_with(path: Path, count: int) -> str:
    journal = Journal(path, "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(70 + place / 1000)) for place in range(count)])
    journal.close()
    return journal.name


def event_ids(journal: Journal) -> list[str]:
    return [json.loads(record.value)["event_id"] for record in journal.read(after=journal.delivered, limit=-1)]


def zero_header(data: bytearray) -> None:
    data[:100] = bytes(100)


def empty(data: bytearray) -> None:
    data.clear()
    data += b"not a database at all"


def zero_pages_in_the_middle(data: bytearray) -> None:
    middle = len(data) // 2 // 4096 * 4096
    data[middle : middle + 2 * 4096] = bytes(2 * 4096)


def cut_in_half(data: bytearray) -> None:
    del data[len(data) // 2 // 4096 * 4096 :]


@pytest.mark.parametrize("harm", [zero_header, empty])
def test_a_file_that_is_no_database_is_moved_aside_and_an_empty_one_begun(
    tmp_path: Path, harm: Callable[[bytearray], None]
) -> None:
    path = tmp_path / "journal.db"
    name = journal_with(path, 10)
    data = bytearray(path.read_bytes())
    harm(data)
    path.write_bytes(data)
    journal = Journal(path, "pabrik-1", 64 * MIB)
    assert journal.name != name
    assert journal.last_sequence == 0
    assert [record.sequence for record in journal.apply([Append(reading(70))])] == [1]
    journal.close()
    (aside,) = tmp_path.glob("journal.db.bad-*")
    assert aside.read_bytes() == bytes(data)


@pytest.mark.parametrize("harm", [zero_pages_in_the_middle, cut_in_half])
def test_a_broken_page_found_while_running_costs_only_what_was_on_it(
    tmp_path: Path, harm: Callable[[bytearray], None]
) -> None:
    path = tmp_path / "journal.db"
    name = journal_with(path, 5000)
    data = bytearray(path.read_bytes())
    harm(data)
    path.write_bytes(data)
    journal = Journal(path, "pabrik-1", 64 * MIB)
    if journal.name == name:  # the start did not touch the broken page: reading does
        with pytest.raises(SpoolError, match="damaged") as caught:
            journal.read(after=0, limit=-1)
        journal.recover(caught.value)
    assert journal.name != name
    kept = event_ids(journal)
    assert len(kept) > 1000
    assert all(one.startswith(name) for one in kept)
    sequences = [int(one.rsplit("/", 1)[1]) for one in kept]
    assert sequences == sorted(sequences)
    (record,) = journal.apply([Append(reading(75))])
    assert record.sequence == 1
    assert event_ids(journal) == [*kept, f"{journal.name}/1"]
    journal.close()


def test_commits_that_the_disk_lost_are_noticed_and_no_number_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    name = journal_with(path, 10)
    earlier = path.read_bytes()
    journal = Journal(path, "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(80))])
    journal.close()
    path.write_bytes(earlier)  # as a disk does that lied about its cache
    journal = Journal(path, "pabrik-1", 64 * MIB)
    assert journal.name != name
    assert event_ids(journal) == [f"{name}/{sequence}" for sequence in range(1, 11)]
    (record,) = journal.apply([Append(reading(81))])
    assert json.loads(record.value)["event_id"] == f"{journal.name}/1"
    journal.close()


def test_salvaged_records_are_delivered_like_others(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal_with(path, 3)
    earlier = path.read_bytes()
    journal = Journal(path, "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(80))])
    journal.close()
    path.write_bytes(earlier)
    journal = Journal(path, "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(81))])
    waiting = journal.read(after=journal.delivered, limit=-1)
    assert [record.sequence for record in waiting] == [-2, -1, 0, 1]
    journal.apply([Delivered(0, journal.name)])
    journal.close()
    journal = Journal(path, "pabrik-1", 64 * MIB)
    assert [record.sequence for record in journal.read(after=journal.delivered, limit=-1)] == [1]
    journal.close()


def test_a_commit_that_failed_but_is_in_the_file_is_not_applied_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, "pabrik-1", 64 * MIB)
    real = journal._db

    class CommitsThenFails:
        """What SQLite is after an fsync that failed behind a commit that reached the disk all the same."""

        def execute(self, statement: str, *values: object) -> object:
            answer = real.execute(statement, *values)
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return answer

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    journal._db = CommitsThenFails()  # type: ignore[assignment]  # stands in for a failing disk
    with pytest.raises(SpoolError) as caught:
        journal.apply([Append(reading(70)), Append(reading(71))])
    recovered = journal.recover(caught.value)
    assert recovered is not None
    assert [record.sequence for record in recovered] == [1, 2]
    assert journal.read(after=0, limit=10) == recovered
    journal.close()


def test_a_commit_that_failed_and_is_not_in_the_file_is_applied_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal(path, "pabrik-1", 64 * MIB)
    real = journal._db

    class Fails:
        """What SQLite is on a disk that takes nothing."""

        def execute(self, statement: str, *values: object) -> object:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return real.execute(statement, *values)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    journal._db = Fails()  # type: ignore[assignment]  # stands in for a failing disk
    with pytest.raises(SpoolError) as caught:
        journal.apply([Append(reading(70))])
    assert journal.recover(caught.value) is None
    assert [record.sequence for record in journal.apply([Append(reading(70))])] == [1]
    journal.close()


def test_a_commit_in_the_file_is_recognised_also_when_opening_fails_in_between(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "pabrik-1", 64 * MIB)
    real = journal._db

    class CommitsThenFails:
        def execute(self, statement: str, *values: object) -> object:
            answer = real.execute(statement, *values)
            if statement == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return answer

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    journal._db = CommitsThenFails()  # type: ignore[assignment]  # stands in for a failing disk
    with pytest.raises(SpoolError) as caught:
        journal.apply([Append(reading(70)), Append(reading(71))])
    (tmp_path / "away").touch()
    path, journal._path = journal._path, tmp_path / "away" / "journal.db"  # no folder is there for a moment
    with pytest.raises(SpoolError):
        journal.recover(caught.value)
    with pytest.raises(SpoolError):
        journal.apply([Append(reading(70)), Append(reading(71))])
    journal._path = path
    recovered = journal.apply([Append(reading(70)), Append(reading(71))])
    assert [record.sequence for record in recovered] == [1, 2]
    journal.close()


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_journal_that_vanished_is_said(
    tmp_path: Path, harm: Callable[[Path], object], capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "journal.db"
    name = journal_with(path, 10)
    harm(path)
    journal = Journal(path, "pabrik-1", 64 * MIB)
    assert journal.name != name
    journal.close()
    said = capsys.readouterr().out
    assert "journal_lost" in said
    assert name in said
    Journal(path, "pabrik-1", 64 * MIB).close()
    assert "journal_lost" not in capsys.readouterr().out


def test_drop_oldest_gives_up_what_is_oldest_and_counts_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(70 + place)) for place in range(5)])
    journal.apply([Delivered(1, journal.name)])
    journal.apply([DropOldest(2, 0, journal.name)])
    assert [record.sequence for record in journal.read(after=0, limit=10)] == [4, 5]
    assert journal.dropped_total == 2
    assert journal.given_up_through == 3
    journal.close()


def test_what_is_given_up_and_sent_from_memory_all_the_same_is_not_lost(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "pabrik-1", 64 * MIB)
    journal.apply([Append(reading(70 + place)) for place in range(9)])
    journal.apply([DropOldest(4, 3, journal.name)])
    assert journal.dropped_total == 1
    journal.apply([DropOldest(2, 9, "pabrik-1/another")])
    assert journal.dropped_total == 3
    assert [record.sequence for record in journal.read(after=0, limit=10)] == [7, 8, 9]
    journal.close()


def fill(journal: Journal) -> None:
    try:
        while True:
            journal.apply([Append(reading(70))] * 50)
    except SpoolError:
        return


def test_what_was_to_be_given_up_by_a_commit_that_failed_is_not_lost(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.db", "pabrik-1", 1)
    fill(journal)
    with pytest.raises(SpoolError, match="full"):
        journal.apply([DropOldest(1, 0, journal.name), *[Append(reading(70))] * 20_000])
    assert journal.dropped_total == journal.read(after=0, limit=1)[0].sequence - 1
    journal.close()


def test_a_journal_of_a_newer_gateway_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal_with(path, 3)
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = path.read_bytes()
    with pytest.raises(SpoolError, match="schema 99"):
        Journal(path, "pabrik-1", 64 * MIB)
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.bad-*"))


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/data/suhu", "nfs4"), ("/data/local disk/suhu", None), ("/var", None)],
)
def test_a_network_file_system_is_recognised(folder: str, kind: str | None) -> None:
    mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/x /data nfs4 rw 0 0\n/dev/sdb1 /data/local\\040disk xfs rw 0 0\n"
    assert network_file_system(Path(folder), mounts) == kind
