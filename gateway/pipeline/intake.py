"""From sources into the journal: pacing, back-pressure, acknowledgement after the commit, and reopening."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from gateway.clock import WallClock
from gateway.errors import SourceLost
from gateway.journal import Operation, Remember
from gateway.model import Delivery, Reading, Rejected, nothing_to_acknowledge
from gateway.pipeline.committer import Committer
from gateway.pipeline.pacing import Pacer
from gateway.sources.source import Source

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
STEADY_S = 60.0  # a link that held this long starts over with the shortest back-off
MAX_SENSORS = 200  # whose newest reading is remembered: the first ones heard; ids can be as many as a network likes
MAX_UNCOMMITTED = 5_000  # readings in memory; a source that is faster than the disk waits


class Intake:
    """Takes deliveries from all sources. Belongs to the event loop's thread.

    Args:
        pacer: what is held back for its second to end.
        committer: where readings go.
        reject: gets each frame without a reading and the name of its source; returns at once.
        monotonic: seconds.
        sleep: waits so many.
    """

    def __init__(
        self,
        pacer: Pacer,
        committer: Committer,
        reject: Callable[[str, Rejected], None] = lambda _source, _rejected: None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pacer = pacer
        self._committer = committer
        self._reject = reject
        self._monotonic = monotonic
        self._sleep = sleep
        self._uncommitted = 0  # readings
        self._room = asyncio.Event()  # some of them were committed
        self._clock = WallClock()
        self._held_earlier = asyncio.Event()  # something is due earlier than the release loop knows
        self.sources: dict[Source, bool] = {}  # whether it is open
        self.source_errors: dict[Source, str] = {}  # why one is not
        self.newest: dict[str, tuple[Reading, float]] = {}  # by sensor, with the monotonic time of its arrival
        self.readings_total: Counter[str] = Counter()  # by kind of source
        self.retained_total = 0  # not among readings_total: an old value is no sign that a sensor lives
        self.dropped_total: Counter[str] = Counter()  # by reason
        self.rejected_total: Counter[str] = Counter()  # by reason

    async def run_source(self, source: Source) -> None:
        """Read a source until it is exhausted; open it again, with back-off and for ever, when it is lost.

        Each cause of one outage is logged once, however often it is met.
        """
        retry_s = FIRST_RETRY_S
        causes: set[str] = set()
        self.sources[source] = False
        while True:
            opened_at_s = None
            try:
                async with source.open() as deliveries:
                    opened_at_s = self._monotonic()
                    log.info("source_up", source=source.name)
                    causes.clear()
                    self.sources[source] = True
                    self.source_errors.pop(source, None)
                    async for delivery in deliveries:
                        await self.accept(delivery, source.name)
                log.info("source_exhausted", source=source.name)
                del self.sources[source]
                return
            except SourceLost as exc:
                self.sources[source] = False
                self.source_errors[source] = str(exc)
                if str(exc) not in causes:
                    log.warning("source_lost", source=source.name, error=str(exc))
                causes.add(str(exc))
                longest_pause_s = exc.longest_pause_s
            if opened_at_s is not None and self._monotonic() - opened_at_s >= STEADY_S:
                retry_s = FIRST_RETRY_S
            retry_s = min(retry_s, longest_pause_s)
            await self._sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
            retry_s *= 2

    async def accept(self, delivery: Delivery, source: str = "") -> None:
        """Submit a delivery; returns before it is durable.

        While too much is under way it waits, if the sender can wait for its acknowledgement, or the source
        goes on from a position; what cannot be sent again would be lost unseen in some buffer before us,
        so it is dropped and counted.
        """
        for rejected in delivery.rejected:
            self._note_rejected(rejected, source)
        if self._uncommitted >= MAX_UNCOMMITTED and _cannot_wait(delivery):
            self.dropped_total[self._committer.trouble or "overload"] += len(delivery.readings)
            return
        while self._uncommitted >= MAX_UNCOMMITTED:
            self._room.clear()
            await self._room.wait()
        self._uncommitted += len(delivery.readings)
        operations = self._paced(delivery)

        def committed() -> None:
            self._uncommitted -= len(delivery.readings)
            self._room.set()
            delivery.ack()

        remembered: list[Operation] = [] if delivery.position is None else [Remember(delivery.position)]
        # Also without operations: acknowledgements keep the order of arrival.
        self._committer.submit(operations + remembered, committed)

    def _paced(self, delivery: Delivery) -> list[Operation]:
        """What the journal must do with the readings of a delivery, in order."""
        now_s = self._monotonic()
        next_due_s = self._pacer.next_due_s()
        operations: list[Operation] = []
        unsynced = self._clock.unsynced(time.time(), now_s)
        for reading in delivery.readings:
            if unsynced:
                reading = replace(reading, clock_unsynced=True)
            if reading.retained:
                self.retained_total += 1
            else:
                self.readings_total[reading.source] += 1
                if reading.sensor_id in self.newest or len(self.newest) < MAX_SENSORS:
                    self.newest[reading.sensor_id] = reading, now_s
            if (earlier := self._pacer.make_way(reading)) is not None:
                operations.append(earlier)
            if (operation := self._pacer.offer(reading, now_s)) is not None:
                operations.append(operation)
        if self._pacer.next_due_s() != next_due_s:
            self._held_earlier.set()
        return operations

    async def release_held(self) -> None:
        """Send held readings on when their interval is over; runs until it is cancelled."""
        while True:
            self._held_earlier.clear()
            if released := self._pacer.release(self._monotonic()):
                self._committer.submit(released, lambda: None)
            due_s = self._pacer.next_due_s()
            try:
                async with asyncio.timeout(None if due_s is None else max(due_s - self._monotonic(), 0)):
                    await self._held_earlier.wait()
            except TimeoutError:
                continue

    def release_all(self) -> None:
        """Send everything held on now: the gateway stops."""
        if released := self._pacer.release_all():
            self._committer.submit(released, lambda: None)

    @property
    def clock(self) -> WallClock:
        """The wall clock as the readings saw it."""
        return self._clock

    @property
    def superseded_total(self) -> int:
        """Readings that a later one of the same second replaced."""
        return self._pacer.superseded_total

    def _note_rejected(self, rejected: Rejected, source: str) -> None:
        self.rejected_total[rejected.reason] += 1
        log.debug("frame_rejected", reason=rejected.reason, detail=rejected.detail, raw=rejected.raw[:80])
        self._reject(source, rejected)


def _cannot_wait(delivery: Delivery) -> bool:
    """Whether nobody would send it again: it is neither acknowledged nor read from a position."""
    return delivery.ack is nothing_to_acknowledge and delivery.position is None
