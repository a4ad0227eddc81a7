import asyncio
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import SpoolError
from gateway.journal import Append, Delivered, Journal, Operation
from gateway.model import Delivery, Reading, Record
from gateway.pipeline import committer as committer_module
from gateway.pipeline import intake as intake_module
from gateway.pipeline.committer import Committer
from gateway.pipeline.intake import Intake
from gateway.pipeline.pacing import Pacer

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
READING = Reading("S1", 70.0, MOMENT, "serial")


class Noting:
    """Notes the sequences it is offered."""

    def __init__(self) -> None:
        self.sequences: list[int] = []

    def offer(self, records: list[Record]) -> None:
        self.sequences += [record.sequence for record in records]

    def restart(self, journal_name: str, delivered: int, last_sequence: int) -> None: ...

    def in_memory(self) -> tuple[str, int]:
        return "", 0


class FailingFsync(Journal):
    """Fails its first commits for another reason than room."""

    failures = 2
    recoveries = 0

    def _commit(self, operations: object, delete_at_rows: int = 2_000) -> list[Record]:
        if self.failures and operations:
            self.failures -= 1
            raise SpoolError("disk I/O error")
        return super()._commit(operations, delete_at_rows)  # type: ignore[arg-type]  # the test passes it on as it came

    def recover(self, error: SpoolError) -> list[Record] | None:
        self.recoveries += 1
        return super().recover(error)


@pytest.fixture(autouse=True)
def short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committer_module, "RETRY_S", 0.05)


def fill(journal: Journal) -> int:
    kept = 0
    try:
        while True:
            kept += len(journal.apply([Append(READING)] * 50))
    except SpoolError:
        return kept


async def committed(committer: Committer, operations: list[Operation]) -> None:
    done = asyncio.Event()
    committer.submit(operations, done.set)
    await asyncio.wait_for(done.wait(), 10)


def test_a_full_journal_blocks_and_goes_on_when_a_delivery_makes_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 1)
        kept = fill(journal)
        noting = Noting()
        committer = Committer(journal, noting)
        committer.start()
        done = asyncio.Event()
        committer.submit([Append(READING)] * 50, done.set)
        while committer.trouble != "journal_full":
            await asyncio.sleep(0.01)
        assert not done.is_set()
        committer.mark(Delivered(kept, journal.name))
        await asyncio.wait_for(done.wait(), 10)
        assert noting.sequences == list(range(kept + 1, kept + 51))
        assert committer.trouble is None
        await committer.stop()
        assert journal.dropped_total == 0
        journal.close()

    asyncio.run(scenario())


def test_a_full_journal_is_read_all_the_same_for_only_what_is_sent_makes_room(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 1)
        fill(journal)
        committer = Committer(journal, Noting())
        committer.start()
        committer.submit([Append(READING)] * 50, lambda: None)
        while committer.trouble != "journal_full":
            await asyncio.sleep(0.01)
        oldest = await asyncio.wait_for(committer.ask(partial(Journal.read, after=0, limit=2)), 10)
        assert [record.sequence for record in oldest] == [1, 2]
        await committer.stop()
        journal.close()

    asyncio.run(scenario())


def test_a_prompt_mark_that_ends_a_full_journal_does_not_end_the_thread(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 1)
        kept = fill(journal)
        committer = Committer(journal, Noting())
        committer.start()
        done = asyncio.Event()
        committer.submit([Append(READING)] * 50, done.set)
        while committer.trouble != "journal_full":
            await asyncio.sleep(0.01)
        committer.mark(Delivered(kept, journal.name), prompt=True)
        await asyncio.wait_for(done.wait(), 10)
        for _ in range(3):
            await committed(committer, [Append(READING)])
        await committer.stop()
        journal.close()

    asyncio.run(scenario())


def test_drop_oldest_gives_up_the_oldest_and_takes_the_new(tmp_path: Path) -> None:
    async def scenario() -> None:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 1)
        kept = fill(journal)
        committer = Committer(journal, Noting(), "drop_oldest")
        committer.start()
        await committed(committer, [Append(READING)] * 50)
        await committer.stop()
        left = [record.sequence for record in journal.read(after=0, limit=-1)]
        assert left == list(range(journal.dropped_total + 1, kept + 51))
        assert 0 < journal.dropped_total <= kept
        journal.close()

    asyncio.run(scenario())


def test_a_failing_disk_is_opened_anew_before_the_next_attempt(tmp_path: Path) -> None:
    async def scenario() -> FailingFsync:
        journal = FailingFsync(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Noting())
        committer.start()
        await committed(committer, [Append(READING)])
        await committer.stop()
        journal.close()
        return journal

    journal = asyncio.run(scenario())
    assert journal.recoveries == 2
    assert journal.last_sequence == 1


def test_a_thread_that_dies_is_told(tmp_path: Path) -> None:
    class Broken(Journal):
        def apply(self, operations: object) -> list[Record]:
            raise ZeroDivisionError

    async def scenario() -> None:
        journal = Broken(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Noting())
        committer.start()
        committer.submit([Append(READING)], lambda: None)
        with pytest.raises(SpoolError, match="the journal's thread died: ZeroDivisionError"):
            await asyncio.wait_for(committer.died, 10)
        journal.close()

    asyncio.run(scenario())


def test_marks_are_committed_without_readings_too(tmp_path: Path) -> None:
    async def scenario() -> int:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Noting())
        committer.start()
        await committed(committer, [Append(READING)])
        committer.mark(Delivered(1, journal.name))
        await committer.stop()
        journal.close()
        return journal.delivered

    assert asyncio.run(scenario()) == 1


def test_while_the_journal_is_full_mqtt_waits_and_what_cannot_be_sent_again_is_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MAX_UNCOMMITTED", 10)

    async def scenario() -> None:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 1)
        fill(journal)
        committer = Committer(journal, Noting())
        committer.start()
        intake = Intake(Pacer(0, "newest"), committer)
        acknowledged: list[int] = []
        await intake.accept(Delivery((READING,) * 50))
        while committer.trouble != "journal_full":
            await asyncio.sleep(0.01)
        for _ in range(20):
            await intake.accept(Delivery((READING, READING)))
        assert intake.dropped_total == {"journal_full": 2 * 20}
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(intake.accept(Delivery((READING,), ack=lambda: acknowledged.append(1))), 0.2)
        assert acknowledged == []
        await committer.stop()
        journal.close()

    asyncio.run(scenario())


def test_a_commit_that_hangs_is_stuck_and_an_idle_thread_is_not(tmp_path: Path) -> None:
    class Hanging(Journal):
        goes_on = threading.Event()

        def apply(self, operations: Iterable[Operation]) -> list[Record]:
            self.goes_on.wait()
            return super().apply(operations)

    async def scenario() -> None:
        journal = Hanging(tmp_path / "j.db", "pabrik-1", 1 << 20)
        committer = Committer(journal, Noting())
        committer.start()
        assert committer.stuck_s() == 0.0
        done = asyncio.Event()
        committer.submit([Append(READING)], done.set)
        while committer.stuck_s() < 0.1:
            await asyncio.sleep(0.01)
        assert not done.is_set()
        journal.goes_on.set()
        await asyncio.wait_for(done.wait(), 10)
        while committer.stuck_s() > 0:
            await asyncio.sleep(0.01)
        await committer.stop()
        journal.close()

    asyncio.run(scenario())


def test_a_journal_that_fails_again_and_again_is_not_stuck(tmp_path: Path) -> None:
    class Failing(Journal):
        attempts = 0

        def apply(self, operations: Iterable[Operation]) -> list[Record]:
            self.attempts += 1
            raise SpoolError("disk I/O error")

    async def scenario() -> None:
        journal = Failing(tmp_path / "j.db", "pabrik-1", 1 << 20)
        committer = Committer(journal, Noting())
        committer.start()
        began_s = time.monotonic()
        committer.submit([Append(READING)], lambda: None)
        while journal.attempts < 10:
            await asyncio.sleep(0.01)
        assert committer.stuck_s() < time.monotonic() - began_s
        await committer.stop()
        journal.close()

    asyncio.run(scenario())
