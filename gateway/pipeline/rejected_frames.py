"""Frames that gave no reading, on the way to a topic of their own: best effort, and never in the way of a reading."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

import structlog

from gateway.model import Record, Rejected
from gateway.rejected_wire import encode_rejected
from gateway.sinks.sink import Receipt, Sink

log = structlog.get_logger()

BURST = 10  # frames of one source and reason that go at once ...
PER_S = 1.0  # ... and so many per second from then on
MAX_WAITING = 100  # records, of some 7 kB at most
MAX_BATCH = 50  # together smaller than the message.max.bytes of a broker that nobody has configured
RETRY_S = 5.0
EFFECT = 'bad frames are counted, the newest are not kept; readings go on; kafka.rejected_topic = "" switches this off'


@dataclass(slots=True)
class Allowance:
    """What one source may send for one reason: a token bucket."""

    since_s: float  # when `tokens` was right
    tokens: float = BURST
    suppressed: int = 0  # held back since the last record

    def spend(self, now_s: float) -> bool:
        """Take a token if there is one."""
        self.tokens = min(self.tokens + (now_s - self.since_s) * PER_S, BURST)
        self.since_s = now_s
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class RejectedFrames:
    """Keeps a few frames, cut to size, until the sink has them. Belongs to the event loop's thread.

    Nothing is journaled: what waits when the process ends is gone, and what finds no room is only counted
    (docs/decisions/0035-rejected-frames-are-not-journaled.md).

    Args:
        sink: where records go; None: nowhere.
        gateway_id: who says it.
        now: the wall clock.
        monotonic: seconds.
        sleep: waits so many.
    """

    def __init__(
        self,
        sink: Sink | None,
        gateway_id: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sink = sink
        self._gateway_id = gateway_id
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        # By source and reason: the former come from the configuration, the latter from the code, so there are few.
        self._allowances: dict[tuple[str, str], Allowance] = {}
        self._waiting: deque[Record] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()  # nothing waits, or waiting for it is of no use
        self._idle.set()
        self._causes: set[str] = set()  # that were told since the last record went through
        self._has_told_refusal = False
        self._number = 0
        self.sent_total = 0
        self.unsent_total = 0  # held back, refused, or without room

    def offer(self, source: str, rejected: Rejected) -> None:
        """Take a frame, or count it; returns at once.

        Args:
            source: the source's name.
            rejected: its frame.
        """
        if self._sink is None:
            return
        now_s = self._monotonic()
        allowance = self._allowances.setdefault((source, rejected.reason), Allowance(now_s))
        if len(self._waiting) >= MAX_WAITING or not allowance.spend(now_s):
            allowance.suppressed += 1
            self.unsent_total += 1
            return
        self._number += 1
        record = encode_rejected(
            rejected,
            gateway_id=self._gateway_id,
            source=source,
            arrived_at=self._now(),
            suppressed=allowance.suppressed,
            number=self._number,
        )
        allowance.suppressed = 0
        self._waiting.append(record)
        self._some.set()
        if not self._causes:
            self._idle.clear()

    async def run(self) -> None:
        """Send until cancelled; never raises anything else."""
        if self._sink is None:
            return
        while True:
            self._some.clear()
            if not self._waiting:
                self._idle.set()
                await self._some.wait()
            if not await self._sent(self._sink, list(islice(self._waiting, MAX_BATCH))):
                self._idle.set()
                await self._sleep(RETRY_S)

    async def drained(self) -> None:
        """Wait until nothing waits any more, unless the sink takes nothing."""
        await self._idle.wait()

    async def close(self) -> None:
        """Free the sink, within 2 s."""
        if self._sink is not None:
            await self._sink.close()

    async def _sent(self, sink: Sink, batch: list[Record]) -> bool:
        """Send the oldest that wait; whether the sink is there."""
        try:
            receipt = await sink.send(batch)
        except Exception as exc:
            # Whatever a client library has in store: readings must not end because of a bad frame.
            receipt = Receipt(refused=[(record, repr(exc)) for record in batch])
        for _ in batch:
            self._waiting.popleft()
        self._waiting.extendleft(reversed(receipt.unsent))
        self.sent_total += len(batch) - len(receipt.unsent) - len(receipt.refused)
        self.unsent_total += len(receipt.refused)
        if receipt.refused and not self._has_told_refusal:
            self._has_told_refusal = True
            log.warning("rejected_frames_refused", error=receipt.refused[0][1], effect=EFFECT)
        if receipt.cause is None:
            self._up()
        else:
            self._down(str(receipt.cause))
        return receipt.cause is None

    def _down(self, cause: str) -> None:
        if cause not in self._causes:
            log.warning("rejected_frames_unsent", error=cause, effect=EFFECT)
        self._causes.add(cause)

    def _up(self) -> None:
        if self._causes:
            log.info("rejected_frames_sent_again", waiting=len(self._waiting))
            self._causes.clear()
