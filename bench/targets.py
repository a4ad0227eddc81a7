"""What a bench is held against: limits that must hold, and what is aimed for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Target:
    """Of one figure of one measurement."""

    figure: str
    must: float
    aim: float | None = None
    at_least: bool = False  # else at most

    def verdict(self, measured: float) -> "Verdict":
        """Hold a figure against its limits."""
        return Verdict(
            figure=self.figure,
            measured=measured,
            limit="at least" if self.at_least else "at most",
            must=self.must,
            met=self._holds(measured, self.must),
            aim=self.aim,
            aim_met=None if self.aim is None else self._holds(measured, self.aim),
        )

    def _holds(self, measured: float, limit: float) -> bool:
        return measured >= limit if self.at_least else measured <= limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """A measured figure beside its limits."""

    figure: str
    measured: float
    limit: Literal["at least", "at most"]
    must: float
    met: bool
    aim: float | None
    aim_met: bool | None
