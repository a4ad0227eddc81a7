"""From the journal to the sink: in order, one batch under way, with back-off and for ever."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable

import structlog

from gateway import wire
from gateway.errors import SinkUnavailable, SpoolError
from gateway.journal import Delivered, Journal, Quarantine
from gateway.model import Record
from gateway.pipeline.committer import Committer
from gateway.sinks.sink import Sink

log = structlog.get_logger()

MAX_TAIL = 5_000  # records in memory; what does not fit is read back from the journal
MAX_BATCH = 500  # and so many may be sent a second time after a kill
PROMPT_BATCH = 100  # a batch from which on its mark is worth a commit of its own
MAX_BATCH_BYTES = 500_000  # well below Kafka's limit of 1 MB for a request
READ_BACK = 2_000
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0


class Forwarder:
    """Hands committed records to the sink. Belongs to the event loop's thread.

    The healthy path never reads the journal: `offer` gets what was just committed. When the tail
    is full (Kafka is down), or records of an earlier process wait, they are read back in order.

    Records that waited (for Kafka, or since an earlier process) carry `"replayed": true`.

    Args:
        sink: where records go.
    """

    def __init__(self, sink: Sink, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._monotonic = monotonic
        self._journal_name = ""
        self._tail: deque[Record] = deque()
        self._taken = 0  # newest sequence that is or was in the tail
        self._read_through = 0  # newest sequence that was read back, perhaps not in the tail yet
        self._newest = 0
        self._waited_through = 0  # records up to here had to wait
        self._more = asyncio.Event()
        self._idle = asyncio.Event()
        self._down_since_s: float | None = None
        self._down_kind = ""  # the reason that was told
        self._last_kind = ""
        self.down_because: str | None = None  # why the sink takes nothing
        self._unreadable = False
        self._sending_since_s: float | None = None
        self._under_way: list[Record] = []  # the batch that is being sent
        self.delivered_total = 0
        self.refused_total = 0  # by Kafka, for good: put into quarantine
        self.failures_total: Counter[str] = Counter()  # attempts of which something was unsent, by kind
        self.last_delivery_at_s: float | None = None  # Unix time

    def restart(self, journal_name: str, delivered: int, last_sequence: int) -> None:
        """Begin with what a journal holds: at start, and when a damaged one was replaced.

        Args:
            journal_name: whose sequences these are.
            delivered: the sequence up to which the sink has everything.
            last_sequence: the newest sequence in the journal.
        """
        self._journal_name = journal_name
        self._tail.clear()
        self._taken = self._read_through = delivered
        self._newest = self._waited_through = last_sequence
        self._idle.clear()
        self._more.set()

    @property
    def waiting(self) -> int:
        """Committed records that the sink does not have, as far as it has told: those under way included."""
        return self._newest - self._taken + len(self._tail) + len(self._under_way)

    @property
    def down_s(self) -> float | None:
        """For how long the sink has taken nothing; None when it does."""
        return None if self._down_since_s is None else self._monotonic() - self._down_since_s

    def stuck_s(self) -> float:
        """For how long the sink has had one batch without an answer; a refused one is answered."""
        return 0.0 if self._sending_since_s is None else self._monotonic() - self._sending_since_s

    def offer(self, records: list[Record]) -> None:
        """Take what was just committed; should something before it be missing, it is read from the journal."""
        contiguous = self._taken == self._newest == records[0].sequence - 1
        self._newest = records[-1].sequence
        if contiguous and len(self._tail) + len(records) <= MAX_TAIL:
            self._tail.extend(records)
            self._taken = self._newest
        self._idle.clear()
        self._more.set()

    def in_memory(self) -> tuple[str, int]:
        """Tell up to which record of which journal all are delivered, or here to be; called in the journal's thread."""
        return self._journal_name, max(self._taken, self._read_through)

    def unsent(self, through: int) -> int:
        """How many records up to this sequence are here and not sent, once nothing runs any more."""
        return sum(one.sequence <= through for one in (*self._under_way, *self._tail))

    async def run(self, committer: Committer) -> None:
        """Forward until cancelled.

        Args:
            committer: where the delivered mark goes, and where records are read back.
        """
        while True:
            if not self._tail:
                await self._refill(committer)
            batch = self._next_batch()
            await self._deliver(batch, committer)

    async def drained(self) -> None:
        """Wait until the sink has everything."""
        await self._idle.wait()

    async def _refill(self, committer: Committer) -> None:
        """Wait until the tail has something."""
        while not self._tail:
            if self._taken == self._newest:
                self._idle.set()
                self._more.clear()
                await self._more.wait()
                continue
            journal_name, newest = self._journal_name, self._newest
            try:
                records = await committer.ask(self._read_back)
            except SpoolError as exc:
                if not self._unreadable:
                    log.error("journal_unreadable", error=str(exc))
                self._unreadable = True
                await asyncio.sleep(LAST_RETRY_S)
                continue
            self._unreadable = False
            if journal_name != self._journal_name:
                continue  # these are the sequences of a journal that was replaced meanwhile
            self._tail.extend(records)
            if len(records) == READ_BACK:
                self._taken = records[-1].sequence
            else:  # there was no more, up to `newest` at least: the rest was given up or put aside
                self._taken = max(newest, records[-1].sequence) if records else newest

    def _read_back(self, journal: Journal) -> list[Record]:
        """In the journal's thread, which may give up these very records before they have come here."""
        records = journal.read(after=self._taken, limit=READ_BACK)
        if records:
            self._read_through = records[-1].sequence
        return records

    def _next_batch(self) -> list[Record]:
        batch = [self._tail.popleft()]
        size = len(batch[0].value)
        while self._tail and len(batch) < MAX_BATCH and size + len(self._tail[0].value) <= MAX_BATCH_BYTES:
            batch.append(self._tail.popleft())
            size += len(batch[-1].value)
        return batch

    async def _deliver(self, batch: list[Record], committer: Committer) -> None:
        delivered = Delivered(batch[-1].sequence, self._journal_name)
        prompt = len(batch) >= PROMPT_BATCH
        retry_s = FIRST_RETRY_S
        while batch:
            self._sending_since_s = self._monotonic()
            self._under_way = batch
            receipt = await self._sink.send(self._marked(batch))
            self._sending_since_s = None
            delivered_now = len(batch) - len(receipt.unsent) - len(receipt.refused)
            self.delivered_total += delivered_now
            if delivered_now:
                self.last_delivery_at_s = time.time()
            for record, reason in receipt.refused:
                log.error("record_quarantined", sequence=record.sequence, sensor=record.key.decode(), reason=reason)
                committer.mark(Quarantine(record, reason))
                self.refused_total += 1
            batch = receipt.unsent
            self._under_way = batch
            if receipt.cause is not None:
                self._down(receipt.cause)
                await asyncio.sleep(retry_s * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
                retry_s = min(retry_s * 2, LAST_RETRY_S)
        self._up()
        committer.mark(delivered, prompt=prompt)

    def _marked(self, batch: list[Record]) -> list[Record]:
        if batch[0].sequence > self._waited_through:
            return batch
        return [wire.replayed(one) if one.sequence <= self._waited_through else one for one in batch]

    def _down(self, cause: SinkUnavailable) -> None:
        if self._down_since_s is None:
            self._down_since_s = self._monotonic()
            self._tell_down(cause)
        elif cause.kind != self._down_kind and cause.kind == self._last_kind:  # twice: no flicker of a broker's start
            self._tell_down(cause)
        self._last_kind = cause.kind
        self._waited_through = self._newest
        self.failures_total[cause.kind] += 1
        self.down_because = str(cause)

    def _tell_down(self, cause: SinkUnavailable) -> None:
        self._down_kind = cause.kind
        log.warning("kafka_down", error=str(cause), reason=cause.kind, waiting=self.waiting)

    def _up(self) -> None:
        if self._down_since_s is not None:
            log.info("kafka_up", down_s=round(self._monotonic() - self._down_since_s, 1), waiting=self.waiting)
            self._down_since_s = self.down_because = None
            self._waited_through = self._newest
