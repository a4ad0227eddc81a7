import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from firmware_sim.device import OnClose
from firmware_sim.frame import Frame, Outage, Reading
from firmware_sim.outlet import Presence, ignore
from firmware_sim.playback import Playback
from firmware_sim.truth import TruthLog


def script(count: int, interval_s: float = 0.001) -> list[Frame | Outage]:
    return [
        Frame("press-1", (seq - 1) * interval_s, b"S1 70.00\r\n", (Reading("S1", 70.0),), seq=seq)
        for seq in range(1, count + 1)
    ]


class Ear:
    """An outlet that remembers what it heard, and may leave after some readings."""

    def __init__(self, baud: int | None = None, leave_after: int | None = None) -> None:
        self.presence = Presence()
        self.baud = baud
        self.on_request: Callable[[bytes], None] = ignore
        self.heard: list[int] = []
        self.away: list[tuple[float, list[int]]] = []  # for how long, and what had been heard by then
        self._leave_after = leave_after

    def write(self, frame: Frame) -> bool:
        if not self.presence.listening:
            return False
        self.heard.append(frame.seq)
        if len(self.heard) == self._leave_after:
            self.presence.set(listening=False)
        return True

    @asynccontextmanager
    async def open(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        yield

    async def interrupt(self, duration_s: float) -> None:
        self.away.append((duration_s, list(self.heard)))
        self.presence.set(listening=False)
        await asyncio.sleep(0)
        self.presence.set(listening=True)

    async def drained(self) -> None:
        return


def play(
    ear: Ear, items: list[Frame | Outage], on_close: OnClose, scene: Callable[[], object] | None = None
) -> TruthLog:
    truth = TruthLog(None)

    async def all_of_it() -> None:
        playing = asyncio.create_task(Playback(items, ear, truth, on_close).run())
        await asyncio.sleep(0)
        assert ear.heard == []
        ear.presence.set(listening=True)
        leaving = asyncio.create_task(ear.presence.ends())
        await asyncio.wait((playing, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
        if scene is not None:
            scene()
        async with asyncio.timeout(10):
            await playing

    asyncio.run(all_of_it())
    return truth


def test_nothing_is_written_until_somebody_listens_then_everything_in_order() -> None:
    ear = Ear()
    play(ear, script(5), OnClose.PAUSE)
    assert ear.heard == [1, 2, 3, 4, 5]


def test_pause_goes_on_with_the_next_reading_when_the_listener_is_back() -> None:
    ear = Ear(leave_after=2)
    truth = play(ear, script(5), OnClose.PAUSE, scene=lambda: ear.presence.set(listening=True))
    assert ear.heard == [1, 2, 3, 4, 5]
    assert truth.dropped == 0


def test_run_goes_on_measuring_and_notes_the_unheard_as_dropped() -> None:
    ear = Ear(leave_after=2)
    truth = play(ear, script(5), OnClose.RUN)
    assert ear.heard == [1, 2]
    assert truth.dropped == 3


def test_a_line_too_slow_for_its_readings_overruns_and_the_loss_is_noted() -> None:
    # 10 bytes each, all due at once: the first goes, 409 wait, and the next would be behind 4100 of 4096 bytes
    ear = Ear(baud=1_000_000)
    truth = play(ear, script(600, interval_s=0.0), OnClose.PAUSE)
    assert ear.heard == list(range(1, 411))
    assert truth.dropped == 190


def test_an_outage_comes_between_the_frames_and_nothing_is_lost() -> None:
    first, second, third = script(3)
    ear = Ear()
    truth = play(ear, [first, second, Outage("press-1", 0.0015, 2.0, "unplug"), third], OnClose.PAUSE)
    assert ear.away == [(2.0, [1, 2])]
    assert ear.heard == [1, 2, 3]
    assert truth.dropped == 0


def test_the_rest_of_a_frame_is_dropped_when_its_beginning_was_lost_with_the_power() -> None:
    first, second, third = script(3)
    assert isinstance(second, Frame)
    ear = Ear(leave_after=1)
    items = [first, replace(second, continues=True), third]
    truth = play(ear, items, OnClose.PAUSE, scene=lambda: ear.presence.set(listening=True))
    assert ear.heard == [1, 3]
    assert truth.dropped == 1
