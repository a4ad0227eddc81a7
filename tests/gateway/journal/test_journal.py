import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import AlreadyRunning, SpoolError
from gateway.journal import Append, Delivered, Hold, Journal, Quarantine, Release, Remember
from gateway.model import Position, Reading

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC)
MIB = 1 << 20


def reading(celsius: float, sensor_id: str = "S1") -> Reading:
    return Reading(sensor_id, celsius, MOMENT, "serial")


def fill(journal: Journal) -> int:
    kept = 0
    try:
        while True:
            kept += len(journal.apply([Append(reading(70))] * 100))
    except SpoolError:
        return kept


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path, "pabrik-1", 8 * MIB)
    yield opened
    opened.close()


def test_records_are_numbered_from_one_in_order(journal: Journal) -> None:
    records = journal.apply([Append(reading(70)), Append(reading(71, "S2"))])
    assert [record.sequence for record in records] == [1, 2]
    assert [json.loads(record.value)["event_id"] for record in records] == [f"{journal.name}/1", f"{journal.name}/2"]
    assert journal.read(after=0, limit=10) == records


def test_the_sequence_goes_on_without_a_hole_after_everything_was_delivered(path: Path) -> None:
    first = Journal(path, "pabrik-1", 8 * MIB)
    first.apply([Append(reading(70)), Append(reading(71))])
    first.apply([Delivered(2, first.name)])
    first.close()
    second = Journal(path, "pabrik-1", 8 * MIB)
    assert second.name == first.name
    assert second.read(after=0, limit=10) == []
    assert [record.sequence for record in second.apply([Append(reading(72))])] == [3]
    second.close()


def test_undelivered_records_are_there_after_a_restart(path: Path) -> None:
    first = Journal(path, "pabrik-1", 8 * MIB)
    records = first.apply([Append(reading(70)), Append(reading(71)), Append(reading(72))])
    first.apply([Delivered(1, first.name)])
    first.close()
    second = Journal(path, "pabrik-1", 8 * MIB)
    assert second.read(after=0, limit=10) == records[1:]
    second.close()


def test_a_held_reading_is_replaced_in_place_and_has_no_sequence(journal: Journal) -> None:
    assert journal.apply([Hold(reading(70)), Hold(reading(71))]) == []
    assert journal.held() == [reading(71)]
    assert journal.last_sequence == 0


def test_a_released_reading_is_held_no_more(journal: Journal) -> None:
    journal.apply([Hold(reading(70)), Hold(reading(50, "S2"))])
    (record,) = journal.apply([Release(reading(70))])
    assert record.sequence == 1
    assert journal.held() == [reading(50, "S2")]


def test_of_what_one_commit_holds_and_releases_the_last_counts(journal: Journal) -> None:
    released = journal.apply([Hold(reading(70)), Release(reading(70)), Hold(reading(71)), Hold(reading(50, "S2"))])
    assert [record.sequence for record in released] == [1]
    assert [(one.sensor_id, one.celsius) for one in journal.held()] == [("S1", 71), ("S2", 50)]
    journal.apply([Hold(reading(72)), Release(reading(72))])
    assert [one.sensor_id for one in journal.held()] == ["S2"]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_a_group_of_any_size_is_there_whole_and_in_order(journal: Journal, count: int) -> None:
    committed = journal.apply([Append(reading(place)) for place in range(count)])
    assert [json.loads(record.value)["suhu"] for record in committed] == list(range(count))
    assert journal.read(after=0, limit=1_000) == committed


def test_a_refused_record_is_kept_in_quarantine(path: Path, journal: Journal) -> None:
    (record,) = journal.apply([Append(reading(70))])
    journal.apply([Quarantine(record, "too large"), Delivered(1, journal.name)])
    assert journal.read(after=0, limit=10) == []
    journal.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT sequence, reason FROM quarantine").fetchall() == [(1, "too large")]
    database.close()
    journal.__init__(path, "pabrik-1", 8 * MIB)  # type: ignore[misc]  # the fixture closes it


def test_a_full_journal_changes_nothing_and_works_again_after_a_delivery(path: Path) -> None:
    journal = Journal(path, "pabrik-1", 1)  # raised to the smallest size that works
    kept = fill(journal)
    assert 0 < kept == journal.last_sequence
    with pytest.raises(SpoolError, match="make room"):
        journal.apply([Append(reading(70))] * 100)
    assert journal.last_sequence == kept
    # The committer hands over the mark together with what waits for room.
    assert len(journal.apply([Delivered(kept, journal.name), *[Append(reading(70))] * 100])) == 100
    assert journal.delivered == kept
    journal.close()


def test_a_second_process_is_refused_with_the_pid_of_the_first(path: Path, journal: Journal) -> None:
    code = (
        "import sys, pathlib; from gateway.journal import Journal; from gateway.errors import AlreadyRunning\n"
        "try: Journal(pathlib.Path(sys.argv[1]), 'pabrik-1', 1 << 20)\n"
        "except AlreadyRunning as exc: print(exc.pid, exc)"
    )
    answer = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith(f"{os.getpid()} ")
    assert str(path) in answer.stdout


def test_the_lock_is_free_after_close(path: Path) -> None:
    Journal(path, "pabrik-1", 8 * MIB).close()
    Journal(path, "pabrik-1", 8 * MIB).close()


def test_a_second_journal_in_one_process_is_refused_too(path: Path, journal: Journal) -> None:
    with pytest.raises(AlreadyRunning):
        Journal(path, "pabrik-1", 8 * MIB)


def test_two_journals_have_two_names(tmp_path: Path) -> None:
    one, other = (Journal(tmp_path / name, "pabrik-1", MIB) for name in ("a.db", "b.db"))
    assert one.name != other.name
    one.close()
    other.close()


def test_a_folder_that_cannot_be_made_is_said_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match=r"file/journal\.db"):
        Journal(tmp_path / "file" / "journal.db", "pabrik-1", MIB)


def test_a_record_with_a_flipped_byte_goes_to_quarantine_and_the_rest_goes_on(path: Path) -> None:
    journal = Journal(path, "pabrik-1", 8 * MIB)
    journal.apply([Append(reading(70.25))])
    journal.close()
    damaged = sqlite3.connect(path)
    damaged.execute("UPDATE queue SET value = CAST(replace(CAST(value AS TEXT), '70.25', '71.25') AS BLOB)")
    damaged.commit()
    damaged.close()
    journal = Journal(path, "pabrik-1", 8 * MIB)
    (kept,) = journal.apply([Append(reading(71))])
    assert journal.read(after=0, limit=10) == [kept]
    assert journal.damaged_total == 1
    journal.close()


def test_commits_are_synced_and_the_file_is_exclusive(journal: Journal) -> None:
    settings = [
        journal._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "locking_mode")
    ]
    assert settings == [2, "wal", "exclusive"]


def test_a_position_is_kept_with_the_readings_of_its_commit_or_not_at_all(path: Path) -> None:
    first = Journal(path, "pabrik-1", 1 * MIB)
    assert first.position("csv /a") is None
    first.apply([Append(reading(70)), Remember(Position("csv /a", "1")), Remember(Position("csv /b", "9"))])
    first.apply([Append(reading(71)), Remember(Position("csv /a", "2"))])
    fill(first)
    with pytest.raises(SpoolError):
        first.apply([*[Append(reading(72))] * 2_000, Remember(Position("csv /a", "3"))])
    first.close()
    second = Journal(path, "pabrik-1", 1 * MIB)
    assert (second.position("csv /a"), second.position("csv /b")) == ("2", "9")
    second.close()


def test_its_size_and_its_oldest_waiting_record(path: Path) -> None:
    journal = Journal(path, "pabrik-1", 8 * MIB)
    used_bytes, max_bytes, oldest_ms = journal.size()
    assert (max_bytes, oldest_ms) == (8 * MIB, None)
    first = Reading("S1", 70.0, datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC), "serial")
    later = Reading("S1", 70.0, datetime(2026, 11, 22, 3, 4, 6, tzinfo=UTC), "serial")
    journal.apply([Append(first), *[Append(later)] * 1_000])
    assert journal.size()[2] == 1_795_316_645_000
    assert journal.size()[0] > used_bytes
    journal.apply([Delivered(1, journal.name)])
    assert journal.size()[2] == 1_795_316_646_000
    journal.close()
