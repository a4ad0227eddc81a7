from collections import Counter
from collections.abc import Callable
from time import time
from typing import Protocol

from suhu_jobs.alert import Alert, parse_alert
from suhu_jobs.errors import StorageError
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger, Verdict
from suhu_jobs.printing import warning_line

VERDICTS = ("printed", "uncertain", "replayed", "resent", "foreign", "unreadable")


class Printer(Protocol):
    """Where warnings go: the console, or a test's list that can fail."""

    def print(self, line: str) -> None:
        """Write one line; OSError if nobody reads it any more."""


class Warner:
    """Decides about each record of the alerts topic, and has it printed once.

    Attributes:
        counts: how many records were printed, uncertain (printed, marked), replayed, resent, foreign, unreadable.
        newest: the warning that was printed last, and the Unix time then.
    """

    def __init__(self, topic: str, threshold_celsius: float, ledger: Ledger, printer: Printer, log: EventLog) -> None:
        self._topic = topic  # of the readings
        self._threshold_celsius = threshold_celsius
        self._ledger = ledger
        self._printer = printer
        self._log = log
        self._writable = True
        self.counts: Counter[str] = Counter()
        self.newest: tuple[Alert, float] | None = None

    def take(self, value: bytes | None, alerts_partition: int, offset: int) -> None:
        """Handle one record of the alerts topic.

        Raises:
            OSError: the line could not be printed; the record counts as not handled.
        """
        alert = parse_alert(value)
        if alert is None:
            self._skip("unreadable", alerts_partition, offset)
        elif (alert.topic, alert.threshold_celsius) != (self._topic, self._threshold_celsius):
            self._skip("foreign", alerts_partition, offset)  # another job writes to the same alerts topic
        else:
            self._warn(alert, alerts_partition, offset)
        self._keep(lambda: self._ledger.advance(alerts_partition, offset + 1))

    def pause(self, *, idle: bool) -> None:
        """Make permanent what was handled; called when no further record is at hand."""
        kept = self._keep(self._ledger.commit)
        if idle and kept:
            self._keep(self._ledger.idle)
        if kept and not self._writable:
            self._writable = True
            self._log("state written again")

    def _warn(self, alert: Alert, alerts_partition: int, offset: int) -> None:
        verdict = self._judge(alert, alerts_partition, offset)
        if verdict is Verdict.REPLAYED:
            self.counts["replayed"] += 1
            return
        if verdict is Verdict.RESENT:
            self.counts["resent"] += 1
        else:
            uncertain = verdict is Verdict.UNCERTAIN
            self._keep(lambda: self._ledger.intend(alert))
            self._printer.print(warning_line(alert, repeated=uncertain))
            self.newest = alert, time()
            self.counts["uncertain" if uncertain else "printed"] += 1
        self._keep(lambda: self._ledger.mark(alert))

    def _judge(self, alert: Alert, alerts_partition: int, offset: int) -> Verdict:
        try:
            return self._ledger.judge(alert, alerts_partition, offset)
        except StorageError:  # whether it is a resend cannot be looked up: better twice than not at all
            return Verdict.UNCERTAIN

    def _keep(self, step: Callable[[], None]) -> bool:
        """Do a step of the ledger; when it cannot be kept, warnings go on being printed all the same."""
        try:
            step()
        except StorageError as exc:
            if self._writable:
                self._writable = False
                self._log("state not written", reason=exc, effect="a restart may repeat warnings, marked as such")
            return False
        return True

    def _skip(self, kind: str, alerts_partition: int, offset: int) -> None:
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            self._log(f"{kind} alert skipped", alerts_partition=alerts_partition, offset=offset)
