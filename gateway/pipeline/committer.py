"""The journal's own thread: groups what is submitted while a commit runs into the next commit."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

import structlog

from gateway.errors import SpoolError
from gateway.journal import Append, DropOldest, Journal, Operation, Release
from gateway.journal.folder import is_damage
from gateway.model import Record

log = structlog.get_logger()

T = TypeVar("T")

MARK_DELAY_S = 0.5  # how long the delivered mark may wait for a commit that is needed anyway
RETRY_S = 1.0
# Commits begin at least this far apart: at a thousand readings a second that halves their number and the CPU they
# cost, and a reading that comes alone waits for nothing.
SPACING_S = 0.003
DROP_AT_ONCE = 1_000  # records; giving up a few at a time would cost a failed commit each
WhenFull = Literal["block", "drop_oldest"]
Trouble = Literal["journal_full", "journal_failed"]

MAX_GROUP = 2_000  # operations per commit; bounds how long one commit takes


@dataclass(frozen=True, slots=True)
class Submission:
    """Operations that are committed together, and what to call on the event loop afterwards."""

    operations: Sequence[Operation]
    committed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A look into the journal between two commits, or between two attempts at one that finds no room."""

    look: Callable[[Journal], T]
    answer: asyncio.Future[T]


class Listener(Protocol):
    """Who goes on with what is committed."""

    def offer(self, records: list[Record]) -> None:
        """New records of one commit, contiguous with those before."""

    def restart(self, journal_name: str, delivered: int, last_sequence: int) -> None:
        """The journal was damaged and has a new name and new sequences; forget the old ones."""

    def in_memory(self) -> tuple[str, int]:
        """A journal's name, and up to which record of it nothing is lost when the journal gives it up.

        Asked in the journal's thread.
        """


class Committer:
    """Runs one Journal in one thread. All methods belong to the event loop's thread.

    Commits at once when idle; whatever arrives during a commit forms the next group, so one fsync
    serves as many readings as came in meanwhile. A failing journal is tried again with the same
    group for ever: nothing behind it is acknowledged.

    Args:
        journal: the open journal; the caller closes it after `stop()`.
        listener: told, on the event loop, of each commit's new records.
        when_full: what a full journal does: wait for room, or give up its oldest records.

    Attributes:
        trouble: why nothing is committed at the moment; None when all is well.
        error: the same in words.
        died: gets a SpoolError when the thread ends by a mistake of ours.
    """

    def __init__(self, journal: Journal, listener: Listener, when_full: WhenFull = "block") -> None:
        self._journal = journal
        self._journal_name = journal.name
        self._listener = listener
        self._when_full = when_full
        self.trouble: Trouble | None = None
        self.error: str | None = None
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._inbox: list[Submission] = []
        self._questions: list[Question[Any]] = []
        self._marks: list[Operation] = []
        self._prompt = False  # the marks are not to wait
        self._wake = threading.Condition()
        self._stopping = False
        self._began_s = 0.0  # monotonic; the newest commit
        self._busy = False  # the thread has work
        self._step_s = time.monotonic()  # when it got that work, or finished a step of it
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, operations: Sequence[Operation], committed: Callable[[], None]) -> None:
        """Commit as soon as possible, in order of the calls; then call `committed` on the event loop."""
        with self._wake:
            self._note_work()
            self._inbox.append(Submission(operations, committed))
            self._wake.notify()

    def mark(self, operation: Operation, *, prompt: bool = False) -> None:
        """Commit with the next group, at the latest after MARK_DELAY_S, at once when `prompt`."""
        with self._wake:
            if prompt or not self._marks:
                self._wake.notify()
            self._prompt = self._prompt or prompt
            self._marks.append(operation)

    async def ask(self, look: Callable[[Journal], T]) -> T:
        """Look into the journal in its thread, after everything that `committed` was called for.

        A full journal is looked into as well: only what is read from it and sent makes room.

        Raises:
            SpoolError: as `look` does.
        """
        answer: asyncio.Future[T] = self._loop.create_future()
        with self._wake:
            self._note_work()
            self._questions.append(Question(look, answer))
            self._wake.notify()
        return await answer

    def stuck_s(self) -> float:
        """For how long the thread has had work and not finished a step of it; a failed commit is a step, too."""
        return time.monotonic() - self._step_s if self._has_work() else 0.0

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

    def _has_work(self) -> bool:
        return self._busy or bool(self._inbox or self._questions)

    def _note_work(self) -> None:
        if not self._has_work():
            self._step_s = time.monotonic()

    def _run(self) -> None:
        try:
            self._commit_groups()
        except BaseException as exc:  # a gateway that commits nothing must not look alive
            self._loop.call_soon_threadsafe(self.died.set_exception, SpoolError(f"the journal's thread died: {exc!r}"))

    def _commit_groups(self) -> None:
        while True:
            submissions, marks = self._take()
            operations = marks + _operations(submissions)
            if (operations or submissions) and not self._commit(operations, submissions):
                return
            if not self._answered() and not operations and not submissions and self._stopping:
                return
            self._busy = False

    def _wait_out_spacing(self) -> None:
        rest_s = self._began_s + SPACING_S - time.monotonic()
        if rest_s > 0:
            time.sleep(rest_s)
        self._began_s = time.monotonic()

    def _take(self) -> tuple[list[Submission], list[Operation]]:
        """Wait for work, a question or the order to stop, and take the work."""
        with self._wake:
            deadline: float | None = None
            while not (self._inbox or self._questions or self._stopping or self._prompt):
                if self._marks and deadline is None:
                    deadline = time.monotonic() + MARK_DELAY_S
                timeout_s = None if deadline is None else deadline - time.monotonic()
                if timeout_s is not None and timeout_s <= 0:
                    break
                self._wake.wait(timeout_s)
        self._wait_out_spacing()
        with self._wake:
            self._step_s = time.monotonic()
            self._busy = True  # in this order: stuck_s() reads without the lock
            submissions, self._inbox = self._inbox[:MAX_GROUP], self._inbox[MAX_GROUP:]
            marks, self._marks = self._marks, []
            self._prompt = False
        return submissions, marks

    def _commit(self, operations: list[Operation], submissions: list[Submission]) -> bool:
        """Commit, for as long as it takes. False: the journal fails and we are told to stop."""
        while True:
            self._step_s = time.monotonic()
            try:
                records = self._journal.apply(operations)
            except SpoolError as exc:
                self._say(exc)
                if exc.full and len(submissions) > 1:
                    return self._commit_halves(operations, submissions)
                self._answered()
                if exc.full and self._when_full == "drop_oldest":
                    # Only now: what an answer has just read back is in memory.
                    new = sum(isinstance(one, Append | Release) for one in operations)
                    journal_name, through = self._listener.in_memory()
                    operations.insert(0, DropOldest(max(2 * new, DROP_AT_ONCE), through, journal_name))
                if self._waited_to_stop():
                    return False
                operations = self._take_marks() + operations
                continue
            if self.trouble is not None:
                log.warning("journal_works_again", after=self.trouble)
                self.trouble = self.error = None
            self._tell_replaced()
            self._loop.call_soon_threadsafe(self._done, records, submissions)
            return True

    def _commit_halves(self, operations: list[Operation], submissions: list[Submission]) -> bool:
        """A group that does not fit: the disk may have room for a smaller one."""
        middle = len(submissions) // 2
        first, second = submissions[:middle], submissions[middle:]
        marks = operations[: len(operations) - len(_operations(submissions))]
        return self._commit(marks + _operations(first), first) and self._commit(_operations(second), second)

    def _say(self, error: SpoolError) -> None:
        trouble: Trouble = "journal_full" if error.full else "journal_failed"
        self.error = str(error)
        if self.trouble != trouble:
            log.error(trouble, error=str(error), when_full=self._when_full if error.full else None)
            self.trouble = trouble

    def _tell_replaced(self) -> None:
        """Tell the listener when a damaged journal was replaced."""
        journal = self._journal
        if journal.name != self._journal_name:
            self._journal_name = journal.name
            self._loop.call_soon_threadsafe(
                self._listener.restart, journal.name, journal.delivered, journal.last_sequence
            )

    def _waited_to_stop(self) -> bool:
        """Wait a moment before the next attempt, less when a delivery can have made room."""
        with self._wake:
            if self.trouble == "journal_full" and self._when_full == "drop_oldest":
                return self._stopping
            self._wake.wait_for(lambda: self._stopping or bool(self._marks or self._questions), RETRY_S)
            return self._stopping

    def _take_marks(self) -> list[Operation]:
        with self._wake:
            marks, self._marks = self._marks, []
            self._prompt = False
        return marks

    def _done(self, records: list[Record], submissions: list[Submission]) -> None:
        # Sending comes first: an acknowledgement may write to a socket, and a warning should not wait for that.
        if records:
            self._listener.offer(records)
        for submission in submissions:
            submission.committed()

    def _answered(self) -> bool:
        """Answer what is asked. False: nothing was."""
        with self._wake:
            questions, self._questions = self._questions, []
        for question in questions:
            self._answer(question)
            self._step_s = time.monotonic()
        return bool(questions)

    def _answer(self, question: Question[Any]) -> None:
        try:
            seen = question.look(self._journal)
        except SpoolError as exc:
            if is_damage(exc.__cause__):
                self._replace(exc)
            self._loop.call_soon_threadsafe(_fail, question.answer, exc)
        except Exception as exc:  # a senseless question is the asker's trouble, not that of the commits
            self._loop.call_soon_threadsafe(_fail, question.answer, exc)
        else:
            self._loop.call_soon_threadsafe(_resolve, question.answer, seen)

    def _replace(self, damage: SpoolError) -> None:
        """A look has met a damaged page."""
        self._say(damage)
        try:
            self._journal.recover(damage)
        except SpoolError as exc:
            self._say(exc)  # the next look tries again
        else:
            self.trouble = self.error = None
            self._tell_replaced()


def _operations(submissions: Sequence[Submission]) -> list[Operation]:
    return [operation for one in submissions for operation in one.operations]


def _resolve(answer: asyncio.Future[T], seen: T) -> None:
    if not answer.done():
        answer.set_result(seen)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
