import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.soak.flatness import Sample, Trend

SHOWN = 20  # of each kind of wrong


@dataclass(slots=True)
class Happened:
    """One fault."""

    at_s: float
    name: str
    lasted_s: float = 0.0
    recovery_s: float | None = None  # from its end to a new reading of every sensor
    told: bool | None = None  # None: there was nothing to tell
    wrong: str = ""  # with the gateway
    trouble: str = ""  # with the harness


@dataclass(slots=True)
class Result:
    """Of a soak; written again and again, so that one that is broken off has told what it knew."""

    hours: float
    seed: int
    sensors: int
    state: str = "running"  # then done, or broken off
    began_at: str = field(default_factory=lambda: _now())
    ended_at: str = ""
    ran_s: float = 0.0
    faults: list[Happened] = field(default_factory=list)
    lives: int = 0
    records: int = 0
    accepted: int = 0
    duplicated: int = 0
    redelivered: int = 0
    broken: dict[str, list[str]] = field(default_factory=dict)  # invariants, with examples
    verify: str = ""  # what `gateway verify` said at last
    wires: dict[str, int] = field(default_factory=dict)
    ready: dict[str, int] = field(default_factory=dict)
    trends: list[Trend] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    conditions: dict[str, Any] = field(
        default_factory=lambda: {"cores": os.cpu_count(), "python": platform.python_version()}
    )
    samples: list[Sample] = field(default_factory=list)

    @property
    def leaks(self) -> list[Trend]:
        """The figures that grew."""
        return [one for one in self.trends if not one.flat]

    @property
    def guilty(self) -> bool:
        """Whether the gateway broke a promise."""
        return bool(self.broken or self.leaks or any(one.wrong for one in self.faults))

    @classmethod
    def read(cls, path: Path) -> "Result":
        """What `write` has put there."""
        told = json.loads(path.read_text())
        told.pop("guilty")
        kinds = (("faults", Happened), ("trends", Trend), ("samples", Sample))
        return cls(**told | {name: [kind(**one) for one in told[name]] for name, kind in kinds})

    def breaks(self, name: str, wrong: Sequence[str]) -> None:
        """Note a broken invariant."""
        if wrong:
            more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
            self.broken[name] = [*wrong[:SHOWN], *more]

    def end(self, state: str) -> None:
        """It goes on no longer."""
        self.state, self.ended_at = state, _now()

    def write(self, path: Path) -> None:
        """Put it there in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        told = {**asdict(self), "guilty": self.guilty}
        draft.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        draft.replace(path)


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
