"""Whose turn it is on a bus where one question is asked at a time. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass

SILENT_AFTER = 3  # unanswered questions in a row
# Each attempt at a device that does not answer costs the others its whole timeout. Those in doubt get half of the bus,
# all of them together, so that one that answers is never held up by two in a row; silent ones get a tenth.
PAUSE_IN_DOUBT, PAUSE_WHEN_SILENT = 1, 9  # timeouts


@dataclass(slots=True)
class Turn:
    """How one device stands. Times are monotonic."""

    interval_s: float
    timeout_s: float
    due_s: float
    unanswered: int = 0  # in a row

    @property
    def silent(self) -> bool:
        """Whether it is asked only now and then."""
        return self.unanswered >= SILENT_AFTER


class Turns:
    """Who is asked next, and when.

    A device that answers is asked every interval. One that does not is asked when the bus is free for it, so that
    it costs the others one timeout now and then; once it answers, it is like the others again.

    Args:
        devices: (interval_s, timeout_s) of each.
        now_s: all of them are due now.
    """

    def __init__(self, devices: Sequence[tuple[float, float]], now_s: float) -> None:
        self._turns = [Turn(interval_s, timeout_s, now_s) for interval_s, timeout_s in devices]
        # When those that owe an answer may be asked again: one in doubt, a silent one.
        self._doubt_s = self._silence_s = now_s

    @property
    def all_silent(self) -> bool:
        """Whether nobody answers."""
        return all(turn.silent for turn in self._turns)

    @property
    def none_answered(self) -> bool:
        """Whether everybody owes the answer to the last question."""
        return all(turn.unanswered for turn in self._turns)

    def next(self) -> tuple[int, float]:
        """The place of the device to ask, and when."""
        # Those that owe an answer may all be due at the same moment: the one that has waited longest comes first.
        due_s, _, place = min((self._due_s(turn), turn.due_s, place) for place, turn in enumerate(self._turns))
        return place, due_s

    def is_silent(self, place: int) -> bool:
        """Whether this device has not answered for some time."""
        return self._turns[place].silent

    def answered(self, place: int, now_s: float) -> None:
        """Note an answer."""
        self._turns[place].unanswered = 0
        self._plan(self._turns[place], now_s)

    def missed(self, place: int, now_s: float) -> None:
        """Note that no answer came in time."""
        turn = self._turns[place]
        turn.unanswered += 1
        self._plan(turn, now_s)
        pause = PAUSE_WHEN_SILENT if turn.silent else PAUSE_IN_DOUBT
        self._doubt_s = now_s + PAUSE_IN_DOUBT * turn.timeout_s
        self._silence_s = max(self._silence_s, now_s + pause * turn.timeout_s)

    def _due_s(self, turn: Turn) -> float:
        if not turn.unanswered:
            return turn.due_s
        return max(turn.due_s, self._silence_s if turn.silent else self._doubt_s)

    def _plan(self, turn: Turn, now_s: float) -> None:
        # An absolute schedule: a late turn does not shift the later ones; a long stop is not made up for. A silent
        # device queues up behind those that wait longer.
        turn.due_s = now_s if turn.silent else max(turn.due_s + turn.interval_s, now_s - turn.interval_s)
