import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.targets import Figures, Verdict


@dataclass(frozen=True, slots=True)
class Result:
    """Of one measurement: what it found, or why it failed."""

    figures: Figures = field(default_factory=dict)
    targets: Sequence[Verdict] = ()
    error: str | None = None


def print_table(results: Mapping[str, Result]) -> None:
    """The figures that have a target, for a person."""
    print(f"{'measurement':22}{'figure':22}{'measured':>12}{'must':>12}{'aim':>12}  met")
    for name, result in results.items():
        if result.error is not None:
            print(f"{name:22}failed: {result.error}")
        for one in result.targets:
            sign = "≥" if one.limit == "at least" else "≤"
            must, aim = f"{sign} {one.must:,}", "-" if one.aim is None else f"{sign} {one.aim:,}"
            met = "aim" if one.aim_met else "yes" if one.met else "NO"
            print(f"{name:22}{one.figure:22}{one.measured:>12,}{must:>12}{aim:>12}  {met}")


def shortfalls(results: Mapping[str, Result]) -> list[str]:
    """What was not measured and what is beyond its limit, in words."""
    words = []
    for name, result in results.items():
        if result.error is not None:
            words.append(f"{name} was not measured: {result.error}")
        words += [
            f"{name}: {one.figure} is {one.measured:,}, and must be {one.limit} {one.must:,}"
            for one in result.targets
            if not one.met
        ]
    return words


def conclude(program: str, results: Mapping[str, Result], conditions: Mapping[str, object], out: Path) -> int:
    """Write the JSON, print the table and what is missed; the exit code: 1 when a limit does not hold."""
    told = {"results": {name: asdict(result) for name, result in results.items()}, "conditions": dict(conditions)}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(told, indent=2) + "\n")
    print_table(results)
    missed = shortfalls(results)
    for words in missed:
        print(f"{program}: {words}", file=sys.stderr)
    return 1 if missed else 0
