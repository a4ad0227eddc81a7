import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import SourceLost, SpoolError
from gateway.journal import Journal
from gateway.model import Delivery, Reading, Record, Rejected
from gateway.pipeline import committer as committer_module
from gateway.pipeline import intake as intake_module
from gateway.pipeline.committer import Committer
from gateway.pipeline.intake import Intake
from gateway.pipeline.pacing import Pacer

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def reading(celsius: float) -> Reading:
    return Reading("S1", celsius, MOMENT, "mqtt")


class FlakySource:
    """Yields one reading per opening, and is lost after it for the first `losses` times."""

    name = "flaky"

    def __init__(self, losses: int) -> None:
        self.losses = losses
        self.openings = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        self.openings += 1
        if self.openings == 2:
            raise SourceLost("cannot be opened")
        yield self.deliveries()

    async def deliveries(self) -> AsyncIterator[Delivery]:
        yield Delivery((reading(70.0 + self.openings),))
        if self.openings <= self.losses:
            raise SourceLost("unplugged")


class Listening:
    """Hands new records to a function."""

    def __init__(self, offer: Callable[[list[Record]], object] = lambda _records: None) -> None:
        self.offer = offer

    def restart(self, journal_name: str, delivered: int, last_sequence: int) -> None: ...

    def in_memory(self) -> tuple[str, int]:
        return "", 0


class BrokenDisk(Journal):
    """Fails its first commits, as a full disk does."""

    failures = 2

    def apply(self, operations: object) -> list[Record]:
        if self.failures:
            self.failures -= 1
            raise SpoolError("disk full")
        return super().apply(operations)  # type: ignore[arg-type]  # the test passes it on as it came


@pytest.fixture(autouse=True)
def short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(committer_module, "RETRY_S", 0.2)


class NoisySource:
    """Yields one frame that gives no reading."""

    name = "mqtt b:1"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        yield self.deliveries()

    async def deliveries(self) -> AsyncIterator[Delivery]:
        yield Delivery((), (Rejected("bad_json", "x", b"{"),))


def test_a_frame_without_a_reading_is_counted_and_passed_on_with_its_source(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[tuple[str, Rejected]], dict[str, int]]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        passed: list[tuple[str, Rejected]] = []
        committer = Committer(journal, Listening())
        intake = Intake(Pacer(0, "newest"), committer, lambda *frame: passed.append(frame))
        await intake.run_source(NoisySource())
        journal.close()
        return passed, dict(intake.rejected_total)

    assert asyncio.run(scenario()) == ([("mqtt b:1", Rejected("bad_json", "x", b"{"))], {"bad_json": 1})


def test_a_frame_that_comes_while_there_is_no_room_is_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MAX_UNCOMMITTED", 1)

    async def scenario() -> tuple[int, int]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        intake = Intake(Pacer(0, "newest"), Committer(journal, Listening()))
        await intake.accept(Delivery((reading(70),)))
        await intake.accept(Delivery((reading(71),), (Rejected("bad_json", "x", b"{"),)))
        journal.close()
        return intake.dropped_total.total(), intake.rejected_total.total()

    assert asyncio.run(scenario()) == (1, 1)


def test_a_lost_source_is_opened_again_until_it_is_exhausted(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Listening())
        committer.start()
        source = FlakySource(losses=3)
        await Intake(Pacer(0, "newest"), committer).run_source(source)
        await committer.stop()
        journal.close()
        return source.openings, journal.last_sequence

    assert asyncio.run(scenario()) == (4, 3)


class UnreachableSource:
    """Cannot be opened, each time for the next of these causes, and is exhausted after the last."""

    name = "unreachable"

    def __init__(self, *causes: tuple[str, float]) -> None:
        self.causes = list(causes)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        if self.causes:
            raise SourceLost(*self.causes.pop(0))
        yield self.deliveries()

    async def deliveries(self) -> AsyncIterator[Delivery]:
        for nothing in ():
            yield nothing


def test_pauses_grow_to_what_the_cause_deserves_and_each_cause_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "FIRST_RETRY_S", 0.5)
    away, refused = ("broker away", 3.0), ("password wrong", 10.0)
    pauses_s: list[float] = []

    async def sleep(pause_s: float) -> None:
        pauses_s.append(pause_s)

    async def scenario() -> list[str]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        source = UnreachableSource(*[away] * 5, *[refused] * 4, *[away] * 2, ("unplugged", 1.0))
        with capture_logs() as lines:
            await Intake(Pacer(0, "newest"), Committer(journal, Listening()), sleep=sleep).run_source(source)
        journal.close()
        return [line["error"] for line in lines if line["event"] == "source_lost"]

    assert asyncio.run(scenario()) == ["broker away", "password wrong", "unplugged"]
    without_jitter = [0.5, 1, 2, 3, 3, 6, 10, 10, 10, 3, 3, 1]
    assert len(pauses_s) == 12
    assert all(0.8 * whole <= pause_s <= 1.2 * whole for whole, pause_s in zip(without_jitter, pauses_s, strict=True))


def test_a_retained_value_is_journaled_but_is_no_sign_of_life(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int, int]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Listening())
        intake = Intake(Pacer(1.0, "newest"), committer)
        await intake.accept(Delivery((replace(reading(95), retained=True), reading(70))))
        committer.start()
        await committer.stop()
        journal.close()
        return journal.last_sequence, intake.retained_total, intake.readings_total["mqtt"]

    assert asyncio.run(scenario()) == (2, 1, 1)


def test_a_delivery_is_acknowledged_only_after_its_commit_and_in_order(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        journal = BrokenDisk(tmp_path / "j.db", "pabrik-1", 8 << 20)
        seen: list[str] = []
        committer = Committer(
            journal, Listening(lambda records: seen.extend(f"committed {r.sequence}" for r in records))
        )
        committer.start()
        intake = Intake(Pacer(0, "newest"), committer)
        await intake.accept(Delivery((reading(70),), ack=lambda: seen.append("ack 1")))
        await intake.accept(Delivery((), (Rejected("bad_json", "x", b"{"),), ack=lambda: seen.append("ack poison")))
        await asyncio.sleep(0)
        assert seen == []
        done = asyncio.Event()
        await intake.accept(Delivery((reading(71),), ack=done.set))
        await asyncio.wait_for(done.wait(), 10)
        await committer.stop()
        journal.close()
        assert intake.rejected_total == {"bad_json": 1}
        return seen

    seen = asyncio.run(scenario())
    assert seen.index("committed 1") < seen.index("ack 1") < seen.index("ack poison")


def test_held_readings_leave_when_their_second_is_over(tmp_path: Path) -> None:
    async def scenario() -> list[bytes]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        values: list[bytes] = []
        arrived = asyncio.Event()

        def note(records: list[Record]) -> None:
            values.extend(record.value for record in records)
            if len(values) == 2:
                arrived.set()

        committer = Committer(journal, Listening(note))
        committer.start()
        intake = Intake(Pacer(0.05, "newest"), committer)
        releasing = asyncio.create_task(intake.release_held())
        for celsius in (70, 71, 72):
            await intake.accept(Delivery((reading(celsius),)))
        await asyncio.wait_for(arrived.wait(), 10)
        releasing.cancel()
        await committer.stop()
        assert journal.held() == []
        journal.close()
        return values

    first, second = asyncio.run(scenario())
    assert b'"suhu":70' in first
    assert b'"suhu":72' in second


def test_a_stop_commits_what_was_submitted(tmp_path: Path) -> None:
    async def scenario() -> int:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Listening())
        intake = Intake(Pacer(0, "newest"), committer)
        for celsius in range(50):
            await intake.accept(Delivery((reading(celsius),)))
        committer.start()
        await committer.stop()
        journal.close()
        return journal.last_sequence

    assert asyncio.run(scenario()) == 50


def test_a_stop_does_not_wait_for_a_journal_that_fails_for_ever(tmp_path: Path) -> None:
    class DeadDisk(Journal):
        def apply(self, operations: object) -> list[Record]:
            del operations
            raise SpoolError("gone")

    async def scenario() -> list[str]:
        journal = DeadDisk(tmp_path / "j.db", "pabrik-1", 8 << 20)
        committer = Committer(journal, Listening())
        committer.start()
        acknowledged: list[str] = []
        delivery = Delivery((reading(70),), ack=lambda: acknowledged.append("too early"))
        await Intake(Pacer(0, "newest"), committer).accept(delivery)
        await committer.settled()
        await asyncio.wait_for(committer.stop(), 10)
        journal.close()
        return acknowledged

    assert asyncio.run(scenario()) == []


def test_the_newest_reading_of_a_sensor_is_remembered_and_only_so_many_sensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MAX_SENSORS", 2)
    now_s = 100.0

    async def scenario() -> dict[str, tuple[float, float]]:
        nonlocal now_s
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        intake = Intake(Pacer(1.0, "newest"), Committer(journal, Listening()), monotonic=lambda: now_s)
        for number in (1, 2, 3, 1):
            now_s += 1
            await intake.accept(Delivery((Reading(f"S{number}", now_s, MOMENT, "mqtt"),)))
        await intake.accept(Delivery((replace(reading(95), retained=True),)))  # an old value is none
        journal.close()
        return {name: (one.celsius, at_s) for name, (one, at_s) in intake.newest.items()}

    assert asyncio.run(scenario()) == {"S1": (104.0, 104.0), "S2": (102.0, 102.0)}


def test_why_a_source_is_down_is_known_until_it_is_up(tmp_path: Path) -> None:
    async def scenario() -> list[tuple[bool, str | None]]:
        journal = Journal(tmp_path / "j.db", "pabrik-1", 8 << 20)
        seen: list[tuple[bool, str | None]] = []

        async def sleep(_: float) -> None:
            look()

        def look() -> None:
            seen.append((intake.sources[source], intake.source_errors.get(source)))

        class Watched(FlakySource):
            async def deliveries(self) -> AsyncIterator[Delivery]:
                look()
                async for one in super().deliveries():
                    yield one

        source = Watched(losses=1)
        intake = Intake(Pacer(0, "newest"), Committer(journal, Listening()), sleep=sleep)
        await intake.run_source(source)
        journal.close()
        return seen

    assert asyncio.run(scenario()) == [(True, None), (False, "unplugged"), (False, "cannot be opened"), (True, None)]
