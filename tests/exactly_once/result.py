from dataclasses import asdict, dataclass, field
from typing import Any

from tests.exactly_once.verdict import Verdict


@dataclass(slots=True)
class Result:
    """What one trial did, and what became of its readings."""

    kind: str
    seed: int
    at: str  # UTC
    lives: int = 0  # starts of the job, but for the last one, that ended in a kill or a stop
    ends: dict[str, int] = field(default_factory=dict)  # of those lives, by what ended them
    ended_while_starting: int = 0
    broker_faults: dict[str, int] = field(default_factory=dict)
    records: int = 0
    hot: int = 0
    printed: int = 0
    missing: int = 0
    invented: int = 0
    marked: int = 0
    repeated_marked: int = 0
    repeated_unmarked: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)  # a few examples of each
    recovery_s: list[float] = field(default_factory=list)  # from the start of the process to its first line
    broker_recovery_s: list[float] = field(default_factory=list)  # from the broker's return to the next new line

    @property
    def kills(self) -> int:
        """Ends by SIGKILL, of the job or of half of it."""
        return sum(count for end, count in self.ends.items() if end.startswith("SIGKILL"))

    def judge(self, verdict: Verdict) -> None:
        """Take over what was found."""
        self.hot, self.printed, self.marked = verdict.hot, verdict.printed, verdict.marked
        self.missing, self.invented = len(verdict.missing), len(verdict.invented)
        self.repeated_marked, self.repeated_unmarked = verdict.repeated_marked, len(verdict.repeated_unmarked)
        self.broken = {name: examples[:5] for name, examples in verdict.broken(self.kills).items()}

    def as_json(self) -> dict[str, Any]:
        """For the file of all results."""
        return asdict(self)
