"""What must hold of the printed lines, over what stood in the topic. Pure.

W1 none missing    every reading above the threshold that Kafka took was printed
W2 none invented   nothing else was printed, and each line says what its reading said
W3 once            no reading has two lines, but for those that carry the mark of a repeat
W4 few marks       at most one marked line for each kill of the job
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

MARK = " (mungkin ulangan)"  # as contracted in the README; not imported from the code under test


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, each for a person; `printed` counts the different readings that were warned of."""

    hot: int
    printed: int
    marked: int  # lines with the mark, the first of its reading or not
    repeated_marked: int  # lines with the mark whose reading had a line before
    missing: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    repeated_unmarked: list[str] = field(default_factory=list)

    def broken(self, kills: int) -> dict[str, list[str]]:
        """The broken rules, by name; empty when all hold.

        Args:
            kills: how often the job, or half of it, was killed.
        """
        found = {
            "W1 missing": self.missing,
            "W2 invented": self.invented,
            "W3 repeated": self.repeated_unmarked,
            "W4 marked": [f"{self.marked} lines are marked, after {kills} kills"] if self.marked > kills else [],
        }
        return {name: wrong for name, wrong in found.items() if wrong}


def check(expected: Mapping[str, str], lines: Iterable[str]) -> Verdict:
    """Hold the printed lines, in their order, against the line that each hot reading must have, by its event_id."""
    seen: set[str] = set()
    invented, repeated, marks = [], [], Counter[str]()
    for line in lines:
        plain = line.removesuffix(MARK)
        event_id = plain.rsplit(" ", 1)[-1]
        if expected.get(event_id) != plain:
            invented.append(line)
            continue
        if line.endswith(MARK):
            marks["marked"] += 1
            marks["repeated"] += event_id in seen
        elif event_id in seen:
            repeated.append(line)
        seen.add(event_id)
    return Verdict(
        hot=len(expected),
        printed=len(seen),
        marked=marks["marked"],
        repeated_marked=marks["repeated"],
        missing=_missing(expected, seen),
        invented=invented,
        repeated_unmarked=repeated,
    )


def _missing(expected: Mapping[str, str], seen: Collection[str]) -> list[str]:
    return [line for event_id, line in expected.items() if event_id not in seen]
