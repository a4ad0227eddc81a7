"""What the simulated firmware says it has sent, held against what landed. Pure, but for reading the file."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.invariants import Accepted

Window = tuple[float, float]  # s since 1970
BEFORE_S, AFTER_S = 5.0, 30.0  # clocks, pipes and a loaded machine


@dataclass(slots=True)
class Sent:
    """What left the devices."""

    readings: list[Accepted] = field(default_factory=list)  # that must come out, in order
    at_s: list[float] = field(default_factory=list)  # when, s since 1970
    allowed: set[Accepted] = field(default_factory=set)  # may come out
    outages: list[Window] = field(default_factory=list)  # nobody's: the plug was out

    @classmethod
    def read(cls, path: Path) -> "Sent":
        """From a truth file, as docs/firmware-sim.md describes it; a last line that was cut off does not count."""
        sent = cls()
        if not path.exists():
            return sent
        with path.open() as lines:
            for line in lines:
                if line.endswith("\n"):
                    sent._note(json.loads(line))
        return sent

    def _note(self, fact: dict[str, Any]) -> None:
        at_s = fact["emitted_at_ns"] / 1e9
        if "duration_s" in fact:
            self.outages.append((at_s, at_s + fact["duration_s"]))
        elif not fact.get("dropped"):
            must = [(one["sensor_id"], one["celsius"]) for one in fact["readings"]]
            self.readings += must
            self.at_s += [at_s] * len(must)
            self.allowed |= {(one["sensor_id"], one["celsius"]) for one in fact.get("allowed", ())}


@dataclass(frozen=True, slots=True)
class LineLoss:
    """What became of lines on wires, which nobody can send again."""

    sent: int
    excused: int  # lost while nobody listened: gateway or plug were away
    lost: list[str]  # for no reason
    invented: list[str]  # landed, and was never sent


def line_loss(sent: Sent, landed: Iterable[Accepted], sensors: Iterable[str], away: Sequence[Window]) -> LineLoss:
    """Hold both against each other.

    Args:
        sent: what left the devices.
        landed: all readings in topic and journal.
        sensors: those of these devices.
        away: when the gateway did not listen.
    """
    ours = set(sensors)
    there = {one for one in landed if one[0] in ours}
    windows = [*away, *sent.outages]
    missing = [(reading, at_s) for reading, at_s in zip(sent.readings, sent.at_s, strict=True) if reading not in there]
    excused = {one for one in missing if any(began - BEFORE_S <= one[1] <= end + AFTER_S for began, end in windows)}
    lost = [f"{reading} sent at {at_s:.1f}" for reading, at_s in missing if (reading, at_s) not in excused]
    invented = sorted(there - set(sent.readings) - sent.allowed)
    return LineLoss(len(sent.readings), len(excused), lost, [str(one) for one in invented])
