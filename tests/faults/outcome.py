from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.faults.invariants import Verdict


@dataclass(slots=True)
class Outcome:
    """What one kind of fault did, over all its runs; only an outcome whose invariants hold is ever made."""

    row: int  # of the report; also its order
    fault: str
    runs: int = 0
    records: int = 0
    lost: int = 0
    duplicated: int = 0
    redelivered: int = 0
    out_of_order: int = 0
    recovery_s: list[float] = field(default_factory=list)
    note: str = ""
    at: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M}")

    def add(self, verdict: Verdict, *, runs: int = 1, recovery_s: Sequence[float] = ()) -> None:
        """Count one more verdict."""
        self.runs += runs
        self.records += verdict.records
        self.lost += len(verdict.lost)
        self.duplicated += len(verdict.duplicated)
        self.redelivered += len(verdict.redelivered)
        self.out_of_order += len(verdict.disordered)
        self.recovery_s += recovery_s
