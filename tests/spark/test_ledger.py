from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from suhu_jobs.alert import Alert
from suhu_jobs.errors import StorageError
from suhu_jobs.ledger import Ledger, Verdict
from suhu_jobs.unwritten import Unwritten


def _alert(offset: int, partition: int = 0, event_id: str | None = None, topic: str = "readings") -> Alert:
    return Alert(topic, partition, offset, "S1", 83.4, 80.0, "2026-11-22T03:04:05.678Z", event_id)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], Ledger]]:
    """Open the same ledger again and again; what was not committed before is lost, as after a kill."""
    opened: list[Ledger] = []

    def open_again() -> Ledger:
        _forget_uncommitted(opened)
        opened.append(Ledger(tmp_path / "printed"))
        return opened[-1]

    yield open_again
    _forget_uncommitted(opened)


def _forget_uncommitted(opened: list[Ledger]) -> None:
    for ledger in opened:
        ledger._unwritten = Unwritten()
        ledger.close()
    opened.clear()


def test_a_new_ledger_knows_nothing(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    assert (ledger.facts(), ledger.positions(), ledger.marks("readings")) == ({}, {}, {})
    assert ledger.judge(_alert(0)) is Verdict.NEW


def test_a_marked_alert_and_all_before_it_are_replays(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.mark(_alert(7))
    assert [ledger.judge(_alert(offset)) for offset in (0, 7, 8)] == [Verdict.REPLAYED, Verdict.REPLAYED, Verdict.NEW]
    assert ledger.judge(_alert(7, partition=1)) is Verdict.NEW
    assert ledger.judge(_alert(7, topic="others")) is Verdict.NEW


def test_a_lower_mark_does_not_take_back_a_higher_one(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.mark(_alert(7))
    ledger.mark(_alert(3))
    assert ledger.marks("readings") == {0: 7}


def test_a_resend_is_known_by_its_event_id(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.mark(_alert(7, event_id="pabrik-1/k3v9/1"))
    assert ledger.judge(_alert(8, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT
    assert ledger.judge(_alert(0, partition=2, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT
    assert ledger.judge(_alert(8, event_id="pabrik-1/k3v9/2")) is Verdict.NEW


def test_a_lower_sequence_that_was_never_printed_is_new(reopen: Callable[[], Ledger]) -> None:
    """A record that left the gateway's quarantine late must be warned of: a high-water mark would swallow it."""
    ledger = reopen()
    ledger.mark(_alert(7, event_id="pabrik-1/k3v9/900"))
    assert ledger.judge(_alert(8, event_id="pabrik-1/k3v9/12")) is Verdict.NEW


def test_resends_are_remembered_up_to_a_limit(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path, remembered_resends=2)
    for offset in (1, 2, 3):
        ledger.mark(_alert(offset, event_id=f"pabrik-1/k3v9/{offset}"))
    assert [ledger.judge(_alert(9, event_id=f"pabrik-1/k3v9/{sequence}")) for sequence in (1, 2, 3)] == [
        Verdict.NEW,
        Verdict.RESENT,
        Verdict.RESENT,
    ]
    ledger.close()


def test_what_was_committed_outlasts_a_kill(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.mark(_alert(7, event_id="pabrik-1/k3v9/1"))
    ledger.advance(0, 12)
    ledger.commit()
    ledger.advance(0, 13)
    ledger = reopen()
    assert ledger.positions() == {0: 12}
    assert ledger.judge(_alert(7)) is Verdict.REPLAYED
    assert ledger.judge(_alert(8, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT


def test_an_intent_makes_the_marks_before_it_permanent(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.mark(_alert(7))
    ledger.intend(_alert(8))
    assert reopen().marks("readings") == {0: 7}


def test_an_intent_without_mark_is_uncertain_until_it_is_marked(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.intend(_alert(8))
    assert ledger.judge(_alert(8)) is Verdict.NEW  # in the same life it was not printed
    ledger = reopen()
    assert ledger.judge(_alert(8)) is Verdict.UNCERTAIN
    ledger.intend(_alert(5, partition=1))  # another partition's alert comes first
    ledger.mark(_alert(5, partition=1))
    assert ledger.judge(_alert(8)) is Verdict.UNCERTAIN
    ledger.mark(_alert(8))
    assert ledger.judge(_alert(8)) is Verdict.REPLAYED
    ledger.commit()
    assert reopen().judge(_alert(8)) is Verdict.REPLAYED


def test_a_resend_of_an_uncertain_alert_is_uncertain_too_and_settles_it(reopen: Callable[[], Ledger]) -> None:
    reopen().intend(_alert(8, event_id="pabrik-1/k3v9/1"))
    ledger = reopen()
    resend = _alert(0, partition=2, event_id="pabrik-1/k3v9/1")  # its partition is read first
    assert ledger.judge(resend) is Verdict.UNCERTAIN
    ledger.intend(resend)
    ledger.mark(resend)
    assert ledger.judge(_alert(8, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT
    ledger.commit()
    assert reopen().judge(_alert(8, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT


def test_the_intents_of_several_kills_are_all_kept(reopen: Callable[[], Ledger]) -> None:
    reopen().intend(_alert(8))
    reopen().intend(_alert(4, partition=1))
    ledger = reopen()
    assert ledger.judge(_alert(8)) is Verdict.UNCERTAIN
    assert ledger.judge(_alert(4, partition=1)) is Verdict.UNCERTAIN


def test_marks_and_intents_are_forgotten_with_their_topic_and_resends_are_not(reopen: Callable[[], Ledger]) -> None:
    reopen().intend(_alert(9))
    ledger = reopen()
    ledger.mark(_alert(7, event_id="pabrik-1/k3v9/1"))
    ledger.mark(_alert(7, topic="others"))
    ledger.forget_marks("readings")
    assert ledger.judge(_alert(3)) is Verdict.NEW
    assert ledger.judge(_alert(9)) is Verdict.NEW
    assert ledger.judge(_alert(7, topic="others")) is Verdict.REPLAYED
    assert ledger.judge(_alert(3, event_id="pabrik-1/k3v9/1")) is Verdict.RESENT


def test_positions_and_facts_are_replaced_at_once(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    ledger.advance(5, 1)
    ledger.set_positions({0: 3, 1: 4})
    ledger.put_facts({"topic": "a", "threshold_celsius": "80"})
    ledger.put_facts({"topic": "b"})
    ledger = reopen()
    assert ledger.positions() == {0: 3, 1: 4}
    assert ledger.facts() == {"topic": "b", "threshold_celsius": "80"}


def test_upkeep_keeps_what_was_put_down(reopen: Callable[[], Ledger], tmp_path: Path) -> None:
    ledger = reopen()
    for offset in range(300):
        ledger.intend(_alert(offset))
        ledger.mark(_alert(offset))
    ledger.commit()
    log = tmp_path / "printed" / "printed.sqlite-wal"
    grown = log.stat().st_size
    ledger.idle()
    ledger.mark(_alert(300))
    ledger.commit()
    assert log.stat().st_size == grown  # written over from its beginning
    assert reopen().marks("readings") == {0: 300}


def test_an_unreadable_ledger_is_moved_aside(tmp_path: Path) -> None:
    (tmp_path / "printed.sqlite").write_bytes(b"not a database at all" * 100)
    ledger = Ledger(tmp_path)
    assert ledger.facts() == {}
    assert ledger.set_aside is not None
    assert ledger.set_aside.read_bytes().startswith(b"not a database")
    ledger.close()


def test_a_directory_that_cannot_be_made_is_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"cannot keep what has been printed in .*file/printed .* another --state"):
        Ledger(tmp_path / "file" / "printed")
