"""Print, mark and what a crash between them leaves, without Kafka or Spark."""

import json
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from suhu_jobs.alert import Alert
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger
from suhu_jobs.unwritten import Unwritten
from suhu_jobs.warner import Warner


class Killed(BaseException):
    """Stands for the moment a SIGKILL strikes."""


class Paper:
    """A printer that a kill strikes before or after it has printed its n-th line, or that nobody reads."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.unread = False
        self.kill_before = 0
        self.kill_after = 0

    def print(self, line: str) -> None:
        if self.unread:
            raise BrokenPipeError
        if len(self.lines) + 1 == self.kill_before:
            self.kill_before = 0
            raise Killed
        self.lines.append(line)
        if len(self.lines) == self.kill_after:
            self.kill_after = 0
            raise Killed


class HastyLedger(Ledger):
    """A ledger as one would write it first: it only marks what has been printed."""

    def intend(self, alert: Alert) -> None:
        pass


class FullDisk:
    """A limit on the pages of the ledger's database, which SQLite tells as a disk that is full."""

    def __init__(self, ledger: Ledger) -> None:
        self._database = ledger._database

    def fill(self) -> None:
        pages = self._database.execute("PRAGMA page_count").fetchone()[0]
        self._database.execute(f"PRAGMA max_page_count = {pages}")
        with suppress(sqlite3.OperationalError):  # what is free inside is used up, too
            while True:
                self._database.execute("INSERT INTO facts VALUES (hex(randomblob(16)), zeroblob(900))")

    def empty(self) -> None:
        self._database.execute("PRAGMA max_page_count = 100000")
        self._database.execute("DELETE FROM facts")


class Life:
    """One run of the job after another, over the same state directory."""

    def __init__(self, directory: Path, ledger: type[Ledger] = Ledger) -> None:
        self.paper = Paper()
        self.words: list[str] = []
        self._directory = directory
        self._ledger_type = ledger
        self.begin()

    def begin(self) -> None:
        self.ledger = self._ledger_type(self._directory)
        self.warner = Warner("readings", 80.0, self.ledger, self.paper, EventLog(self.words.append))

    def die_and_begin_again(self) -> None:
        self.ledger._unwritten = Unwritten()  # what a killed process has in memory
        self.ledger.close()
        self.begin()

    def follow(self, *alerts: bytes | None) -> None:
        """Take the alerts that stand on partition 0 of the alerts topic, from where the ledger says."""
        for offset in range(self.ledger.positions().get(0, 0), len(alerts)):
            self.warner.take(alerts[offset], 0, offset)
        self.warner.pause(idle=True)


@pytest.fixture
def life(tmp_path: Path) -> Life:
    return Life(tmp_path)


def _alert(offset: int, **changes: object) -> bytes:
    record: dict[str, object] = {
        "alert_id": f"readings/0/{offset}",
        "sensor_id": "S1",
        "suhu": 81,
        "threshold_celsius": 80.0,
        "measured_at": "m",
        "event_id": f"gw/k3v9/{offset}",
    }
    return json.dumps(record | changes).encode()


def _line(sequence: int) -> str:
    return f"PERINGATAN S1 81 °C > 80 °C m gw/k3v9/{sequence}"


def test_replays_and_resends_are_not_printed(life: Life) -> None:
    life.follow(_alert(1), _alert(2), _alert(1), _alert(2), _alert(3, event_id="gw/k3v9/1"), _alert(4))
    assert life.paper.lines == [_line(1), _line(2), _line(4)]
    assert life.warner.counts == {"printed": 3, "replayed": 2, "resent": 1}
    life.ledger.close()


def test_a_restart_goes_on_where_it_was(life: Life) -> None:
    life.follow(_alert(1), _alert(2))
    life.die_and_begin_again()
    life.follow(_alert(1), _alert(2), _alert(1), _alert(2), _alert(3))
    assert life.paper.lines == [_line(1), _line(2), _line(3)]
    life.ledger.close()


@pytest.mark.parametrize("struck", ["before", "after"])
def test_a_kill_between_intent_and_mark_repeats_one_marked_line(life: Life, struck: str) -> None:
    setattr(life.paper, f"kill_{struck}", 2)
    with pytest.raises(Killed):
        life.follow(_alert(1), _alert(2), _alert(3))
    life.die_and_begin_again()
    life.follow(_alert(1), _alert(2), _alert(3))
    printed_twice = [_line(2)] if struck == "after" else []
    assert life.paper.lines == [_line(1), *printed_twice, f"{_line(2)} (mungkin ulangan)", _line(3)]
    life.ledger.close()


def test_a_kill_at_every_line_loses_none_and_marks_every_repeat(life: Life) -> None:
    alerts = [_alert(offset) for offset in range(1, 6)]
    for number in range(1, 11, 2):  # after each first printing, then not again
        life.paper.kill_after = number
        with pytest.raises(Killed):
            life.follow(*alerts)
        life.die_and_begin_again()
    life.follow(*alerts)
    expected = [line for number in range(1, 6) for line in (_line(number), f"{_line(number)} (mungkin ulangan)")]
    assert life.paper.lines == expected
    life.ledger.close()


def test_without_the_intent_a_repeat_would_go_unmarked(tmp_path: Path) -> None:
    """Negative control: the mark of a repeat comes from the intent and from nothing else."""
    life = Life(tmp_path, HastyLedger)
    life.paper.kill_after = 2
    with pytest.raises(Killed):
        life.follow(_alert(1), _alert(2))
    life.die_and_begin_again()
    life.follow(_alert(1), _alert(2))
    assert life.paper.lines == [_line(1), _line(2), _line(1), _line(2)]
    life.ledger.close()


def test_a_line_that_could_not_be_printed_is_not_marked(life: Life) -> None:
    life.paper.unread = True
    with pytest.raises(BrokenPipeError):
        life.follow(_alert(1))
    life.paper.unread = False
    life.die_and_begin_again()
    life.follow(_alert(1))
    assert life.paper.lines == [f"{_line(1)} (mungkin ulangan)"]
    life.ledger.close()


def test_alerts_of_other_jobs_and_garbage_are_skipped_and_said_once(life: Life) -> None:
    life.follow(
        _alert(1, threshold_celsius=75.0),
        b"garbage",
        _alert(2, threshold_celsius=75.0),
        None,
        _alert(9, alert_id="others/0/9"),
        _alert(3),
    )
    assert life.paper.lines == [_line(3)]
    assert life.warner.counts == {"foreign": 3, "unreadable": 2, "printed": 1}
    assert [line.split(" ", 1)[1] for line in life.words] == [
        'event="foreign alert skipped" alerts_partition=0 offset=0',
        'event="unreadable alert skipped" alerts_partition=0 offset=1',
    ]
    life.ledger.close()


def _events(life: Life) -> list[str]:
    return [line.split('event="')[1].split('"')[0] for line in life.words]


@pytest.fixture
def full(tmp_path: Path) -> Life:
    """A life that has printed two lines, of which the second is not written, because the disk is full."""
    life = Life(tmp_path)
    life.follow(_alert(1))
    disk = FullDisk(life.ledger)
    disk.fill()
    life.follow(_alert(1), _alert(2), *_many(3, 400))
    assert life.paper.lines == [_line(sequence) for sequence in range(1, 401)]
    assert _events(life) == ["state not written"]
    return life


def _many(first: int, last: int) -> list[bytes]:
    return [_alert(offset) for offset in range(first, last + 1)]


def test_a_full_disk_costs_no_warning_and_repeats_none_in_the_same_life(full: Life) -> None:
    full.follow(*_many(1, 400), *_many(1, 400), _alert(401, event_id="gw/k3v9/399"), _alert(402))
    assert full.paper.lines[400:] == [_line(402)]
    full.ledger._unwritten = Unwritten()
    full.ledger.close()


def test_what_a_full_disk_held_up_is_written_when_there_is_room(full: Life) -> None:
    FullDisk(full.ledger).empty()
    full.ledger._next_try_s = 0.0  # its pause is over
    full.warner.pause(idle=True)
    assert _events(full) == ["state not written", "state written again"]
    full.die_and_begin_again()
    assert not full.ledger.was_behind
    full.follow(*_many(1, 400))
    assert len(full.paper.lines) == 400
    full.ledger.close()


def test_a_kill_while_the_disk_is_full_leaves_doubts_and_every_repeat_is_marked(full: Life) -> None:
    FullDisk(full.ledger).empty()
    full.die_and_begin_again()
    assert full.ledger.was_behind
    full.ledger.set_positions(full.ledger.positions(), doubts={0: 401})  # up to where the topic went at the start
    full.follow(*_many(1, 401), *_many(1, 402))
    repeats = full.paper.lines[400:-1]
    assert repeats[-2:] == [f"{_line(400)} (mungkin ulangan)", f"{_line(401)} (mungkin ulangan)"]
    assert all(line.endswith(" (mungkin ulangan)") for line in repeats)
    assert full.paper.lines[-1] == _line(402)
    full.die_and_begin_again()
    assert not full.ledger.was_behind
    full.ledger.close()
