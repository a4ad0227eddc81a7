import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from firmware_sim.disturbance import Disturbance
from firmware_sim.frame import Frame, Outage
from firmware_sim.outlet import Outlet
from firmware_sim.truth import TruthLog
from firmware_sim.wire import Wire

MAX_UNHEARD = 64  # pieces of requests that wait while a device is busy answering


class Answerer(Protocol):
    """The pure side of a device that speaks when it is spoken to."""

    def answers(self, data: bytes) -> Iterator[Frame]:
        """Take what came over the line, in pieces of any size; yield an answer for each request it completes."""
        ...


class Conversation:
    """Answers in real time: each answer leaves answer_s after its request, at the speed of the line."""

    def __init__(
        self, answerer: Answerer, disturbance: Disturbance, outlet: Outlet, truth: TruthLog, answer_s: float
    ) -> None:
        self._answerer = answerer
        self._disturbance = disturbance
        self._outlet = outlet
        self._truth = truth
        self._answer_s = answer_s
        self._heard: asyncio.Queue[bytes] = asyncio.Queue(MAX_UNHEARD)
        self._seqs = itertools.count(1)
        outlet.on_request = self._hear

    async def run(self) -> None:
        """Never return."""
        while True:
            for frame in self._answerer.answers(await self._heard.get()):
                asked_s = asyncio.get_running_loop().time()
                for outcome in self._disturbance.of(frame):
                    await self._give(outcome, asked_s + self._answer_s - frame.due_s)

    def _hear(self, data: bytes) -> None:
        if not self._heard.full():  # else its receive buffer overruns
            self._heard.put_nowait(data)

    async def _give(self, outcome: Frame | Outage, started_s: float) -> None:
        if isinstance(outcome, Outage):
            self._truth.note_outage(outcome, time.time_ns())
            await self._outlet.interrupt(outcome.duration_s)
            return
        numbered = replace(outcome, seq=next(self._seqs))
        due_s = started_s + outcome.due_s
        sent_s = Wire().carry(due_s, len(outcome.data), self._outlet.baud) or due_s
        if await self._outlet.presence.ends_before(sent_s) or not self._outlet.write(numbered):
            self._truth.note_dropped(numbered, time.time_ns())
