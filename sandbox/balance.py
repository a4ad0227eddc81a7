"""What devices sent, what landed in the topic and what was printed, held against each other. Pure."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Landed:
    """A record as it stands in the topic, in the order of its partition."""

    sensor_id: str
    celsius: float
    event_id: str

    @classmethod
    def from_value(cls, value: bytes) -> "Landed":
        """Read a record of `sensor-suhu`; see contracts/."""
        fields = json.loads(value)
        return cls(fields["sensor_id"], fields["suhu"], fields["event_id"])

    @property
    def sequence(self) -> int:
        """The place in its journal, from 1."""
        return int(self.event_id.rsplit("/", 1)[1])


@dataclass(frozen=True, slots=True)
class Balance:
    """The verdict. Each list names what is wrong, for a person; all empty is a clean sheet."""

    readings: dict[str, int]  # distinct records per sensor
    warnings: int
    lost: list[str]
    invented: list[str]
    duplicated: list[str]
    disordered: list[str]
    not_warned: list[str]
    warned_again: list[str]
    warned_wrongly: list[str]

    @property
    def clean(self) -> bool:
        """Whether every reading landed once, in order, and every hot one was warned of exactly once."""
        return not any(
            (
                self.lost,
                self.invented,
                self.duplicated,
                self.disordered,
                self.not_warned,
                self.warned_again,
                self.warned_wrongly,
            )
        )


def balance(
    emitted: Mapping[str, Sequence[float]],
    landed: Sequence[Landed],
    warning_lines: Iterable[str],
    threshold_celsius: float = 80.0,
) -> Balance:
    """Hold the three against each other.

    Args:
        emitted: per sensor, what it sent, in order; sensors that keep no record of their own are left out, a
            reading of theirs that is lost shows as a hole in the journal's sequence.
        landed: everything in the topic, from its beginning.
        warning_lines: what the alert job printed.
        threshold_celsius: warned of strictly above it.
    """
    first: dict[str, Landed] = {}
    duplicated, disordered = [], []
    newest: dict[tuple[str, str], int] = {}
    for one in landed:
        if one.event_id in first:
            duplicated.append(one.event_id)
            continue
        first[one.event_id] = one
        key = (one.sensor_id, _journal(one))
        if one.sequence < newest.get(key, 0):
            disordered.append(one.event_id)
        newest[key] = max(one.sequence, newest.get(key, 0))
    lost, invented = _compare(emitted, first.values())
    hot = Counter(one.event_id for one in first.values() if one.celsius > threshold_celsius)
    warned = Counter(_event_id(line) for line in warning_lines)
    return Balance(
        readings=dict(Counter(one.sensor_id for one in first.values())),
        warnings=warned.total(),
        lost=lost + _holes(first.values()),
        invented=invented,
        duplicated=duplicated,
        disordered=disordered,
        not_warned=sorted(hot.keys() - warned.keys()),
        warned_again=sorted(one for one, times in warned.items() if times > 1),
        warned_wrongly=sorted(warned.keys() - hot.keys()),
    )


def _compare(emitted: Mapping[str, Sequence[float]], landed: Iterable[Landed]) -> tuple[list[str], list[str]]:
    by_sensor: dict[str, list[float]] = defaultdict(list)
    for one in sorted(landed, key=lambda one: (_journal(one), one.sequence)):
        by_sensor[one.sensor_id].append(one.celsius)
    lost, invented = [], []
    for sensor_id, sent in emitted.items():
        got = by_sensor[sensor_id]
        lost += [f"{sensor_id} {celsius} °C" for celsius in (Counter(sent) - Counter(got)).elements()]
        invented += [f"{sensor_id} {celsius} °C" for celsius in (Counter(got) - Counter(sent)).elements()]
        if not sent:
            lost.append(f"{sensor_id} sent nothing")
    return lost, invented


def _holes(landed: Iterable[Landed]) -> list[str]:
    by_journal: dict[str, set[int]] = defaultdict(set)
    for one in landed:
        by_journal[_journal(one)].add(one.sequence)
    return [
        f"{journal}/{sequence}"
        for journal, there in sorted(by_journal.items())
        for sequence in range(1, max(there) + 1)
        if sequence not in there
    ]


def _journal(one: Landed) -> str:
    return one.event_id.rsplit("/", 1)[0]


def _event_id(warning_line: str) -> str:
    """The last word of `PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z pabrik-1/k3v9/1042`."""
    return warning_line.split()[-1]
