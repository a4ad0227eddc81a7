"""`python -m tests.exactly_once.variants NAME[,NAME] spark/alerts.py …`: the real job, changed on purpose.

The negative controls break a promise, and the checker must find each. The others move the moments that a kill has to
hit to where it hits them.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from suhu_jobs import streams
from suhu_jobs.alert import Alert
from suhu_jobs.cli import main
from suhu_jobs.ledger import Ledger, Verdict
from suhu_jobs.printing import Console
from suhu_jobs.wall_clock import WallClock

SET_BACK_AFTER_S = 5.0
STALL_S = 5.0  # longer than the trial lets it live after its first line


def short_batches() -> None:
    """Spark notes how far it has read every 5 s and not every 5 minutes. No promise broken."""
    _replace(streams, "REAL_TIME_BATCH", "5 seconds")


def set_the_clock_back() -> None:
    """Some seconds after the start the wall clock seems to have been set back. No promise broken."""
    began_s, answered = time.monotonic(), False

    def was_set_back(_self: WallClock) -> bool:
        nonlocal answered
        if answered or time.monotonic() < began_s + SET_BACK_AFTER_S:
            return False
        answered = True
        return True

    _replace(WallClock, "was_set_back", was_set_back)


def stall_before_printing() -> None:
    """The second line of each life takes its time, so that a kill falls between intent and print. No promise broken."""
    _stall(before=True)


def stall_after_printing() -> None:
    """The first line of each life is printed long before that is noted. No promise broken."""
    _stall(before=False)


def mark_before_printing() -> None:
    """What is intended counts as printed: a kill in between loses it."""

    def hasty(self: Ledger, alert: Alert) -> None:
        self.mark(alert)
        self.commit()

    _replace(Ledger, "intend", hasty)


def never_recognise() -> None:
    """A replay is printed like any other alert."""
    _replace(Ledger, "judge", lambda *_: Verdict.NEW)


def forget_the_intent() -> None:
    """What was printed when a kill came is printed again as if it were new."""
    _replace(Ledger, "intend", lambda _self, _alert: None)


VARIANTS: dict[str, Callable[[], None]] = {
    "short_batches": short_batches,
    "set_the_clock_back": set_the_clock_back,
    "stall_before_printing": stall_before_printing,
    "stall_after_printing": stall_after_printing,
    "mark_before_printing": mark_before_printing,
    "never_recognise": never_recognise,
    "forget_the_intent": forget_the_intent,
}


def _stall(*, before: bool) -> None:
    write = Console.print
    printed = 0

    def slow(self: Console, line: str) -> None:
        nonlocal printed
        if before and printed == 1:
            time.sleep(STALL_S)
        write(self, line)
        if not before and printed == 0:
            time.sleep(STALL_S)
        printed += 1

    _replace(Console, "print", slow)


def _replace(owner: Any, name: str, value: object) -> None:
    if not hasattr(owner, name):
        raise AttributeError(f"{owner} has no {name} to be replaced")
    setattr(owner, name, value)


if __name__ == "__main__":
    for variant in sys.argv[1].split(","):
        VARIANTS[variant]()
    sys.exit(main(sys.argv[3:]))
