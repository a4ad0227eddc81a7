"""What must hold after every fault, over what was accepted, what landed and what still waits. Pure.

    I1 no loss      every accepted reading is in the topic or still in the journal
    I2 no hole      the sequences of a journal are 1, 2, 3 … without a gap
    I3 order        per sensor: sequences rise, and so do the readings, each taken where it came first
    I4 duplicates   an event_id stands for one reading; that it comes twice is allowed only around a fault
    I5 no garbage   every record is valid by contracts/, and lies under its sensor's key in one partition

I6 (recovery without a person) is each test's own waiting for the next reading, I7 (told) is Rig.told and Rig.status.

A reading that comes under two event_ids was delivered twice by the MQTT broker (its PUBACK was lost): allowed
only around a fault too.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from sandbox.records import Record

SCHEMA = Path(__file__).parents[2] / "contracts" / "sensor-suhu.schema.json"
VALIDATOR = Draft202012Validator(json.loads(SCHEMA.read_text()))

Accepted = tuple[str, float]  # sensor_id and °C; no sensor sends a temperature twice, and each rises


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, each for a person; `records` counts the different event ids in topic and journal."""

    records: int
    lost: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    conflicting: list[str] = field(default_factory=list)
    garbage: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    redelivered: list[str] = field(default_factory=list)

    def broken(self, *, repeats_allowed: bool) -> dict[str, list[str]]:
        """The broken invariants, by name; empty when all hold.

        Args:
            repeats_allowed: there was a kill or a lost connection, around which a reading may come twice.
        """
        found = {
            "I1 lost": self.lost,
            "I2 holes": self.holes,
            "I3 disordered": self.disordered,
            "I4 conflicting": self.conflicting,
            "I5 garbage": self.garbage,
        }
        if not repeats_allowed:
            found |= {"I4 duplicated": self.duplicated, "I4 redelivered": self.redelivered}
        return {name: wrong for name, wrong in found.items() if wrong}


@dataclass(frozen=True, slots=True)
class _Landed:
    sensor_id: str
    celsius: float
    journal: str
    sequence: int

    @property
    def name(self) -> str:
        return f"{self.journal}/{self.sequence}"

    @property
    def reading(self) -> Accepted:
        return self.sensor_id, self.celsius


def check(
    accepted: Sequence[Accepted],
    topic: Sequence[Record],
    journal: Iterable[bytes] = (),
    arrived: Sequence[Accepted] | None = None,
) -> Verdict:
    """Hold them against each other.

    Args:
        accepted: what the gateway is answerable for.
        topic: everything in it, each partition in its order.
        journal: the values that wait in the journal or lie in its quarantine, in order. One that is in the topic
            too is no duplicate yet: it was sent, and its acknowledgement did not come back.
        arrived: the readings in the order in which the gateway got them, when that may differ from the order in
            which they rise: a restarted MQTT broker and its publishers can change it on their own.
    """
    garbage: list[str] = _in_two_partitions(topic)
    landed = [one for record in topic if (one := _read(record.value, garbage, record.key)) is not None]
    waiting = [one for value in journal if (one := _read(value, garbage)) is not None]
    first: dict[str, _Landed] = {}
    duplicated, conflicting = [], []
    for place, one in enumerate(landed + waiting):
        earlier = first.setdefault(one.name, one)
        if earlier != one:
            conflicting.append(f"{one.name} is {earlier.reading} and {one.reading}")
        elif earlier is not one and place < len(landed):
            duplicated.append(one.name)
    readings = Counter(one.reading for one in first.values())
    return Verdict(
        records=len(first),
        lost=[str(one) for one in dict.fromkeys(accepted) if one not in readings],
        holes=_holes(first.values()),
        disordered=_disordered(first.values(), _ranks(arrived)),
        conflicting=conflicting,
        garbage=garbage,
        duplicated=duplicated,
        redelivered=[str(reading) for reading, times in readings.items() if times > 1],
    )


def _read(value: bytes | None, garbage: list[str], key: bytes | None = None) -> _Landed | None:
    try:
        fields = json.loads(value or b"")
    except ValueError:
        garbage.append(f"{value!r} is no JSON")
        return None
    if error := best_match(VALIDATOR.iter_errors(fields)):
        garbage.append(f"{value!r}: {error.message}")
        return None
    if key is not None and key.decode() != fields["sensor_id"]:
        garbage.append(f"{value!r} lies under the key {key!r}")
    journal, _, digits = fields["event_id"].rpartition("/")
    return _Landed(fields["sensor_id"], fields["suhu"], journal, int(digits))


def _in_two_partitions(topic: Sequence[Record]) -> list[str]:
    partitions: dict[bytes | None, set[int]] = defaultdict(set)
    for record in topic:
        partitions[record.key].add(record.partition)
    return [f"{key!r} is in partitions {sorted(found)}" for key, found in partitions.items() if len(found) > 1]


def _holes(landed: Iterable[_Landed]) -> list[str]:
    sequences: dict[str, set[int]] = defaultdict(set)
    for one in landed:
        sequences[one.journal].add(one.sequence)
    return [
        f"{journal}/{sequence}"
        for journal, there in sorted(sequences.items())
        for sequence in range(1, max(there) + 1)
        if sequence not in there
    ]


def _ranks(arrived: Sequence[Accepted] | None) -> dict[Accepted, float]:
    ranks: dict[Accepted, float] = {}
    for place, reading in enumerate(arrived or ()):
        ranks.setdefault(reading, place)
    return ranks


def _disordered(landed: Iterable[_Landed], ranks: dict[Accepted, float]) -> list[str]:
    wrong = []
    newest: dict[tuple[str, str], int] = {}
    highest: dict[str, float] = {}
    seen: set[Accepted] = set()
    for one in landed:
        behind_in_journal = one.sequence < newest.get((one.sensor_id, one.journal), 0)
        rank = ranks.get(one.reading, one.celsius)
        behind_as_reading = one.reading not in seen and rank < highest.get(one.sensor_id, rank)
        if behind_in_journal or behind_as_reading:
            wrong.append(f"{one.name} {one.reading}")
        newest[one.sensor_id, one.journal] = max(one.sequence, newest.get((one.sensor_id, one.journal), 0))
        highest[one.sensor_id] = max(rank, highest.get(one.sensor_id, rank))
        seen.add(one.reading)
    return wrong
