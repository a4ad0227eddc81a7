import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from gateway.errors import SinkUnavailable, SpoolError
from gateway.journal import Append, DropOldest, Journal
from gateway.model import Reading, Record
from gateway.pipeline import forwarding
from gateway.pipeline.committer import Committer
from gateway.pipeline.forwarding import Forwarder
from gateway.sinks.sink import Receipt

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


class ScriptedSink:
    """Answers each send with the next of its receipts, then takes everything; remembers what became durable."""

    def __init__(self, *receipts: dict[str, list[int]]) -> None:
        self.receipts = list(receipts)
        self.kinds: list[str] = []
        self.durable: list[int] = []
        self.replayed: list[int] = []
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, records: Sequence[Record]) -> Receipt:
        await self.open.wait()
        self.batches.append([record.sequence for record in records])
        self.replayed += [record.sequence for record in records if b'"replayed":true' in record.value]
        script = self.receipts.pop(0) if self.receipts else {}
        unsent = [record for record in records if record.sequence in script.get("unsent", [])]
        refused = [(record, "too large") for record in records if record.sequence in script.get("refused", [])]
        self.durable += [
            record.sequence
            for record in records
            if record not in unsent and record.sequence not in script.get("refused", [])
        ]
        kind = self.kinds.pop(0) if self.kinds else "other"
        return Receipt(unsent, refused, SinkUnavailable(f"down: {kind}", kind=kind) if unsent else None)

    async def close(self) -> None: ...


class Rig:
    """A real journal and committer with a scripted sink behind them."""

    def __init__(self, path: Path, sink: ScriptedSink) -> None:
        self.journal = Journal(path, "pabrik-1", 8 << 20)
        self.sink = sink
        self.forwarder = Forwarder(sink)
        self.forwarder.restart(self.journal.name, self.journal.delivered, self.journal.last_sequence)
        self.committer = Committer(self.journal, self.forwarder)
        self.committer.start()
        self.task = asyncio.create_task(self.forwarder.run(self.committer))

    def append(self, count: int) -> None:
        self.committer.submit([Append(Reading("S1", 70.0, MOMENT, "serial"))] * count, lambda: None)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.committer.stop()
        self.journal.close()


async def drain(rig: Rig) -> None:
    await rig.committer.settled()
    await asyncio.wait_for(rig.forwarder.drained(), 10)
    await rig.stop()


def test_records_go_on_in_order_and_are_marked_delivered(tmp_path: Path) -> None:
    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink())
        for _ in range(5):
            rig.append(3)
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    assert rig.sink.durable == list(range(1, 16))
    assert rig.journal.delivered == 15


def test_a_batch_under_way_still_waits(tmp_path: Path) -> None:
    async def scenario() -> tuple[int, int]:
        sink = ScriptedSink()
        sink.open.clear()
        rig = Rig(tmp_path / "j.db", sink)
        rig.append(3)
        await rig.committer.settled()
        while rig.forwarder.stuck_s() == 0:
            await asyncio.sleep(0.001)
        before = rig.forwarder.waiting
        sink.open.set()
        await drain(rig)
        return before, rig.forwarder.waiting

    assert asyncio.run(scenario()) == (3, 0)


def test_forward_sends_again_only_what_is_unsent(tmp_path: Path) -> None:
    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink({"unsent": [2, 3]}, {"unsent": [3]}))
        rig.append(3)
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    assert rig.sink.batches == [[1, 2, 3], [2, 3], [3]]
    assert rig.sink.replayed == [2, 3, 3]
    assert rig.journal.delivered == 3


def test_a_reason_is_told_once_and_another_one_when_it_is_seen_twice_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "LAST_RETRY_S", 0.0)
    kinds = ["login", "login", "no_broker", "login", "no_topic", "no_topic", "no_topic", "login", "login"]

    async def scenario() -> None:
        sink = ScriptedSink(*[{"unsent": [1]}] * len(kinds))
        sink.kinds = kinds
        rig = Rig(tmp_path / "j.db", sink)
        rig.append(1)
        await drain(rig)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(scenario())
    told = [(one["event"], one.get("reason")) for one in logs]
    assert told == [
        ("kafka_down", "login"),
        ("kafka_down", "no_topic"),
        ("kafka_down", "login"),
        ("kafka_up", None),
    ]


def test_a_refused_record_goes_to_quarantine_and_the_rest_goes_on(tmp_path: Path) -> None:
    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink({"refused": [2]}))
        rig.append(3)
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    assert rig.sink.durable == [1, 3]
    assert rig.forwarder.refused_total == 1
    assert rig.journal.delivered == 3


def test_a_full_tail_is_read_back_from_the_journal_without_a_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "MAX_TAIL", 10)
    monkeypatch.setattr(forwarding, "READ_BACK", 7)

    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink())
        rig.sink.open.clear()
        for _ in range(20):
            rig.append(5)
            await rig.committer.settled()
        assert len(rig.forwarder._tail) <= 10
        rig.sink.open.set()
        rig.append(5)
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    assert rig.sink.durable == list(range(1, 106))


def test_what_is_under_way_in_memory_or_being_read_back_can_be_given_up_without_loss(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "MAX_TAIL", 10)
    monkeypatch.setattr(forwarding, "MAX_BATCH", 4)
    monkeypatch.setattr(forwarding, "READ_BACK", 7)

    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink())
        rig.sink.open.clear()
        for _ in range(6):
            rig.append(5)
            await rig.committer.settled()
        name, through = rig.forwarder.in_memory()
        assert (name, 10 <= through < 30) == (rig.journal.name, True)
        assert [rig.forwarder.unsent(sequence) for sequence in (0, 3, 30)] == [0, 3, through]
        assert [record.sequence for record in rig.forwarder._read_back(rig.journal)] == list(
            range(through + 1, through + 8)
        )
        assert rig.forwarder.in_memory() == (rig.journal.name, through + 7)
        await rig.committer.ask(lambda journal: journal.apply([DropOldest(30, through, name)]))
        assert rig.journal.dropped_total == 30 - through
        rig.sink.open.set()
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    assert rig.sink.durable == list(range(1, 31 - rig.journal.dropped_total))
    assert rig.forwarder.unsent(30) == 0


def test_records_that_were_committed_and_never_offered_are_read_from_the_journal(tmp_path: Path) -> None:
    async def scenario() -> Rig:
        rig = Rig(tmp_path / "j.db", ScriptedSink())
        rig.append(2)
        await rig.committer.settled()
        real_offer = rig.forwarder.offer
        rig.forwarder.offer = lambda records: None  # type: ignore[method-assign]  # one commit goes unnoticed
        rig.append(2)
        await rig.committer.settled()
        rig.forwarder.offer = real_offer  # type: ignore[method-assign]
        rig.append(2)
        await drain(rig)
        return rig

    assert asyncio.run(scenario()).sink.durable == [1, 2, 3, 4, 5, 6]


def test_what_an_earlier_process_left_is_sent_first(tmp_path: Path) -> None:
    async def scenario() -> ScriptedSink:
        first = Rig(tmp_path / "j.db", ScriptedSink())
        first.sink.open.clear()
        first.append(4)
        await first.committer.settled()
        await first.stop()
        second = Rig(tmp_path / "j.db", ScriptedSink())
        second.append(2)
        await drain(second)
        return second.sink

    sink = asyncio.run(scenario())
    assert sink.durable == [1, 2, 3, 4, 5, 6]
    assert sink.replayed == [1, 2, 3, 4]


def test_a_journal_replaced_while_running_is_forwarded_from_its_beginning(tmp_path: Path) -> None:
    async def scenario() -> Rig:
        path = tmp_path / "j.db"
        rig = Rig(path, ScriptedSink())
        rig.sink.open.clear()
        rig.append(3)
        await rig.committer.settled()
        # What the journal's thread does when a read or a commit meets a damaged page.
        damage = SpoolError("damaged")
        damage.__cause__ = sqlite3.DatabaseError("database disk image is malformed")
        rig.committer._replace(damage)
        rig.append(2)
        await rig.committer.settled()
        rig.sink.open.set()
        await drain(rig)
        return rig

    rig = asyncio.run(scenario())
    # The batch that was under way, then the salvaged ones (-2 to 0) again, then the new ones.
    assert rig.sink.durable == [1, 2, 3, -2, -1, 0, 1, 2]
    assert rig.journal.delivered == 2


def test_a_send_without_an_answer_is_stuck_until_it_is_answered(tmp_path: Path) -> None:
    async def scenario() -> None:
        rig = Rig(tmp_path / "j.db", ScriptedSink())
        assert rig.forwarder.stuck_s() == 0.0
        rig.sink.open.clear()
        rig.append(1)
        while rig.forwarder.stuck_s() < 0.1:
            await asyncio.sleep(0.01)
        rig.sink.open.set()
        await drain(rig)
        assert rig.forwarder.stuck_s() == 0.0

    asyncio.run(scenario())


def test_waiting_for_a_sink_that_is_down_is_not_stuck(tmp_path: Path) -> None:
    async def scenario() -> None:
        rig = Rig(tmp_path / "j.db", ScriptedSink({"unsent": [1]}))
        rig.append(1)
        while rig.forwarder.down_s is None:
            await asyncio.sleep(0.001)
        assert rig.forwarder.stuck_s() == 0.0
        await drain(rig)
        assert rig.forwarder.down_s is None

    asyncio.run(scenario())


def test_failures_are_counted_by_reason_and_why_the_sink_is_down_is_known_until_it_is_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarding, "FIRST_RETRY_S", 0.01)

    async def scenario() -> tuple[list[str | None], dict[str, int], bool]:
        sink = ScriptedSink({"unsent": [1]}, {"unsent": [1]}, {"unsent": [1]})
        sink.kinds = ["no_broker", "login", "login"]
        rig = Rig(tmp_path / "j.db", sink)
        assert rig.forwarder.last_delivery_at_s is None
        rig.append(1)
        causes: list[str | None] = []
        while rig.forwarder.delivered_total == 0:
            causes += [rig.forwarder.down_because] if rig.forwarder.down_because not in causes else []
            await asyncio.sleep(0)
        await drain(rig)
        causes.append(rig.forwarder.down_because)
        return causes, dict(rig.forwarder.failures_total), rig.forwarder.last_delivery_at_s is not None

    assert asyncio.run(scenario()) == (
        [None, "down: no_broker", "down: login", None],
        {"no_broker": 1, "login": 2},
        True,
    )
