"""The journal's own thread: groups what is submitted while a commit runs into the next commit."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from gateway.errors import SpoolError
from gateway.journal import Journal, Operation
from gateway.model import Record

log = structlog.get_logger()

MARK_DELAY_S = 0.5  # how long the delivered mark may wait for a commit that is needed anyway
RETRY_S = 1.0
MAX_GROUP = 2_000  # operations per commit; bounds how long one commit takes


@dataclass(frozen=True, slots=True)
class Submission:
    """Operations that are committed together, and what to call on the event loop afterwards."""

    operations: Sequence[Operation]
    committed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Question:
    """A read that sees every submission before it."""

    after: int
    limit: int
    answer: asyncio.Future[list[Record]]


class Committer:
    """Runs one Journal in one thread. All methods belong to the event loop's thread.

    Commits at once when idle; whatever arrives during a commit forms the next group, so one fsync
    serves as many readings as came in meanwhile. A failing journal is tried again with the same
    group for ever: nothing behind it is acknowledged.

    Args:
        journal: the open journal; the caller closes it after `stop()`.
        on_records: called on the event loop with each commit's new records, in order.
    """

    def __init__(self, journal: Journal, on_records: Callable[[list[Record]], None]) -> None:
        self._journal = journal
        self._on_records = on_records
        self._loop = asyncio.get_running_loop()
        self._inbox: list[Submission | Question] = []
        self._marks: list[Operation] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, operations: Sequence[Operation], committed: Callable[[], None]) -> None:
        """Commit as soon as possible, in order of the calls; then call `committed` on the event loop."""
        self._put(Submission(operations, committed))

    def mark(self, operation: Operation) -> None:
        """Commit with the next group, at the latest after MARK_DELAY_S."""
        with self._wake:
            if not self._marks:
                self._wake.notify()
            self._marks.append(operation)

    async def read(self, after: int, limit: int) -> list[Record]:
        """Queued records above the sequence `after`, as Journal.read."""
        answer: asyncio.Future[list[Record]] = self._loop.create_future()
        self._put(Question(after, limit, answer))
        return await answer

    async def settled(self) -> None:
        """Wait until everything submitted so far is committed, or the journal has failed for RETRY_S."""
        settled = asyncio.Event()
        self.submit((), settled.set)
        try:
            await asyncio.wait_for(settled.wait(), RETRY_S)
        except TimeoutError:
            pass  # nothing of it was acknowledged

    async def stop(self) -> None:
        """Commit everything submitted so far and end the thread; gives up when the journal fails."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    def _put(self, item: Submission | Question) -> None:
        with self._wake:
            self._inbox.append(item)
            self._wake.notify()

    def _run(self) -> None:
        while True:
            items, marks = self._take()
            submissions = [item for item in items if isinstance(item, Submission)]
            operations = marks + [operation for one in submissions for operation in one.operations]
            if (operations or submissions) and not self._commit(operations, submissions):
                return
            for item in items:
                if isinstance(item, Question):
                    self._answer(item)
            if not items and not marks:
                return

    def _take(self) -> tuple[list[Submission | Question], list[Operation]]:
        """Wait for work. Both empty: stop."""
        with self._wake:
            deadline: float | None = None
            while not self._inbox and not self._stopping:
                if self._marks and deadline is None:
                    deadline = time.monotonic() + MARK_DELAY_S
                timeout_s = None if deadline is None else deadline - time.monotonic()
                if timeout_s is not None and timeout_s <= 0:
                    break
                self._wake.wait(timeout_s)
            items, self._inbox = self._inbox[:MAX_GROUP], self._inbox[MAX_GROUP:]
            marks, self._marks = self._marks, []
        return items, marks

    def _commit(self, operations: list[Operation], submissions: list[Submission]) -> bool:
        """Commit, for as long as it takes. False: the journal fails and we are told to stop."""
        failing = False
        while True:
            try:
                records = self._journal.apply(operations)
            except SpoolError as exc:
                if not failing:
                    log.error("journal_failed", error=str(exc))
                failing = True
                with self._wake:
                    if self._stopping or self._wake.wait_for(lambda: self._stopping, RETRY_S):
                        return False
                continue
            if failing:
                log.warning("journal_works_again")
            self._loop.call_soon_threadsafe(self._done, records, submissions)
            return True

    def _done(self, records: list[Record], submissions: list[Submission]) -> None:
        # Sending comes first: an acknowledgement may write to a socket, and a warning should not wait for that.
        if records:
            self._on_records(records)
        for submission in submissions:
            submission.committed()

    def _answer(self, question: Question) -> None:
        try:
            records = self._journal.read(question.after, question.limit)
        except SpoolError as exc:
            self._loop.call_soon_threadsafe(_fail, question.answer, exc)
        else:
            self._loop.call_soon_threadsafe(_resolve, question.answer, records)


def _resolve(answer: asyncio.Future[list[Record]], records: list[Record]) -> None:
    if not answer.done():
        answer.set_result(records)


def _fail(answer: asyncio.Future[list[Record]], error: SpoolError) -> None:
    if not answer.done():
        answer.set_exception(error)
