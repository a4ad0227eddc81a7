import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from gateway.errors import SinkUnavailable
from gateway.model import Record, Rejected
from gateway.pipeline.rejected_frames import RejectedFrames
from gateway.sinks.sink import Receipt

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
DOWN = SinkUnavailable("the broker at b:1 has no topic t: create it, with 3 partitions or more")
Answer = Callable[[list[Record]], Receipt]


class ScriptedSink:
    """Answers each send with the next of its answers, then takes everything."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.batches: list[list[Record]] = []
        self.durable: list[Record] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, records: Sequence[Record]) -> Receipt:
        batch = list(records)
        self.batches.append(batch)
        await self.open.wait()
        receipt = self.answers.pop(0)(batch) if self.answers else Receipt()
        failed = [*receipt.unsent, *(record for record, _ in receipt.refused)]
        self.durable += [record for record in batch if record not in failed]
        return receipt

    async def close(self) -> None: ...


def unsent(batch: list[Record]) -> Receipt:
    return Receipt(unsent=batch, cause=DOWN)


def first_refused(batch: list[Record]) -> Receipt:
    return Receipt(refused=[(batch[0], "9000 bytes are too large for the topic")])


def broken(_batch: list[Record]) -> Receipt:
    raise ZeroDivisionError("a mistake in the client")


class Rig:
    """Frames on their way to a scripted sink, with a clock that a test sets."""

    def __init__(self, sink: ScriptedSink) -> None:
        self.now_s = 0.0
        self.pauses_s: list[float] = []
        self.sink = sink
        self.frames = RejectedFrames(sink, "pabrik-1", lambda: MOMENT, lambda: self.now_s, self._sleep)

    async def _sleep(self, pause_s: float) -> None:
        self.pauses_s.append(pause_s)

    def offer(self, count: int, reason: str = "bad_json", source: str = "mqtt b:1") -> None:
        for _ in range(count):
            self.frames.offer(source, Rejected(reason, "x", b"{"))

    def landed(self) -> list[tuple[str, int]]:
        records = [json.loads(record.value) for record in self.sink.durable]
        return [(one["reason"], one["suppressed"]) for one in records]


def play(sink: ScriptedSink, scenario: Callable[[Rig], Awaitable[None]]) -> Rig:
    async def run() -> Rig:
        rig = Rig(sink)
        sending = asyncio.create_task(rig.frames.run())
        await scenario(rig)
        sending.cancel()
        await rig.frames.close()
        return rig

    return asyncio.run(asyncio.wait_for(run(), 10))


def test_ten_go_at_once_then_one_a_second_and_the_next_one_tells_how_many_did_not() -> None:
    async def scenario(rig: Rig) -> None:
        rig.offer(100_000)
        await rig.frames.drained()
        rig.now_s = 1.0
        rig.offer(5)
        await rig.frames.drained()
        rig.now_s = 3.5
        rig.offer(3)
        await rig.frames.drained()

    rig = play(ScriptedSink(), scenario)
    assert rig.landed() == [("bad_json", 0)] * 10 + [("bad_json", 99_990), ("bad_json", 4), ("bad_json", 0)]
    assert rig.frames.sent_total == 13
    assert rig.frames.unsent_total == 99_995


def test_a_flood_of_one_kind_takes_nothing_from_other_reasons_and_sources() -> None:
    async def scenario(rig: Rig) -> None:
        rig.offer(50)
        rig.offer(1, reason="empty")
        rig.offer(1, source="serial /dev/ttyUSB0")
        await rig.frames.drained()

    rig = play(ScriptedSink(), scenario)
    assert rig.landed() == [("bad_json", 0)] * 10 + [("empty", 0), ("bad_json", 0)]


def test_a_long_silence_saves_up_no_more_than_ten() -> None:
    async def scenario(rig: Rig) -> None:
        rig.offer(1)
        rig.now_s = 3600.0
        rig.offer(20)
        await rig.frames.drained()

    assert len(play(ScriptedSink(), scenario).landed()) == 1 + 10


def test_memory_is_bounded_while_the_sink_hangs_and_nothing_is_told_wrong() -> None:
    async def scenario(rig: Rig) -> None:
        rig.sink.open.clear()
        for source in range(1_000):
            rig.offer(20, source=f"serial /dev/ttyUSB{source}")
        assert len(rig.frames._waiting) == 100
        rig.sink.open.set()
        await rig.frames.drained()
        rig.offer(1, source="serial /dev/ttyUSB999")
        await rig.frames.drained()

    rig = play(ScriptedSink(), scenario)
    assert [len(batch) for batch in rig.sink.batches] == [50, 50, 1]
    assert rig.landed()[-1] == ("bad_json", 20)
    assert rig.frames.sent_total + rig.frames.unsent_total == 20_001


def test_a_missing_topic_is_told_once_and_what_fits_is_sent_when_it_is_there() -> None:
    async def scenario(rig: Rig) -> None:
        rig.offer(1)
        rig.offer(1, reason="empty")
        while len(rig.sink.batches) < 4:
            await asyncio.sleep(0)
        await rig.frames.drained()

    with capture_logs() as lines:
        rig = play(ScriptedSink(unsent, unsent, unsent), scenario)
    assert [line["event"] for line in lines] == ["rejected_frames_unsent", "rejected_frames_sent_again"]
    assert "create it" in lines[0]["error"]
    assert 'kafka.rejected_topic = ""' in lines[0]["effect"]
    assert rig.pauses_s == [5.0, 5.0, 5.0]
    assert rig.landed() == [("bad_json", 0), ("empty", 0)]


def test_a_second_outage_is_told_again() -> None:
    async def scenario(rig: Rig) -> None:
        for sends in (2, 4):
            rig.offer(1)
            while len(rig.sink.batches) < sends:
                await asyncio.sleep(0)
            await rig.frames.drained()

    with capture_logs() as lines:
        play(ScriptedSink(unsent, lambda _batch: Receipt(), unsent), scenario)
    assert [line["event"] for line in lines] == ["rejected_frames_unsent", "rejected_frames_sent_again"] * 2


def test_a_stop_does_not_wait_for_a_sink_that_takes_nothing() -> None:
    sink = ScriptedSink()

    def unsent_and_then_hangs(batch: list[Record]) -> Receipt:
        sink.open.clear()
        return unsent(batch)

    async def scenario(rig: Rig) -> None:
        sink.answers.append(unsent_and_then_hangs)
        rig.offer(1)
        while len(sink.batches) < 2:
            await asyncio.sleep(0)
        rig.offer(1)
        await rig.frames.drained()

    assert play(sink, scenario).landed() == []


@pytest.mark.parametrize("answer", [first_refused, broken])
def test_what_is_refused_is_counted_told_once_and_followed_by_the_next(answer: Answer) -> None:
    async def scenario(rig: Rig) -> None:
        for _ in range(3):
            rig.offer(1)
            await rig.frames.drained()

    with capture_logs() as lines:
        rig = play(ScriptedSink(answer, answer), scenario)
    assert [line["event"] for line in lines] == ["rejected_frames_refused"]
    assert (rig.frames.sent_total, rig.frames.unsent_total) == (1, 2)
    assert rig.landed() == [("bad_json", 0)]


def test_without_a_topic_nothing_is_kept() -> None:
    async def scenario() -> tuple[int, int]:
        frames = RejectedFrames(None, "pabrik-1")
        frames.offer("mqtt b:1", Rejected("bad_json", "x", b"{"))
        await frames.run()
        await frames.drained()
        await frames.close()
        return len(frames._waiting), frames.unsent_total

    assert asyncio.run(scenario()) == (0, 0)
