"""What the records of a topic prove: that nothing is missing, twice, or out of order. Pure."""

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


class SequenceSet:
    """Whole numbers as sorted ranges: a million records in a row are one."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # inclusive

    def add(self, number: int) -> bool:
        """False when it was there already."""
        place = bisect_right(self._starts, number) - 1
        if place >= 0 and number <= self._ends[place]:
            return False
        joins_left = place >= 0 and self._ends[place] == number - 1
        joins_right = place + 1 < len(self._starts) and self._starts[place + 1] == number + 1
        if joins_left and joins_right:
            self._ends[place] = self._ends.pop(place + 1)
            del self._starts[place + 1]
        elif joins_left:
            self._ends[place] = number
        elif joins_right:
            self._starts[place + 1] = number
        else:
            self._starts.insert(place + 1, number)
            self._ends.insert(place + 1, number)
        return True

    @property
    def first(self) -> int:
        """The lowest; there must be one."""
        return self._starts[0]

    @property
    def last(self) -> int:
        """The highest; there must be one."""
        return self._ends[-1]

    def holes(self, start: int) -> list[tuple[int, int]]:
        """Ranges (first, last) that are missing between `start` and the highest number."""
        holes = []
        for low, high in zip(self._starts, self._ends, strict=True):
            if low > start:
                holes.append((start, low - 1))
            start = max(start, high + 1)
        return holes


@dataclass(slots=True)
class SensorProof:
    """One sensor of one journal."""

    records: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    first_measured_at: str = ""
    last_measured_at: str = ""
    newest: int = 0  # highest sequence so far


@dataclass(slots=True)
class JournalProof:
    """One journal of one gateway."""

    sequences: SequenceSet = field(default_factory=SequenceSet)
    sensors: dict[str, SensorProof] = field(default_factory=dict)


class Proof:
    """Takes the values of a topic's records, each partition's in its order, and says what they prove.

    Args:
        complete: the topic still holds its first record, so that a journal that does not begin with 1 has a hole.
    """

    def __init__(self, *, complete: bool) -> None:
        self._complete = complete
        self.journals: dict[str, JournalProof] = {}
        self.records = 0
        self.foreign = 0  # records without a readable event_id: of other producers

    def add(self, values: Iterable[bytes]) -> None:
        """Take more records."""
        for value in values:
            self.records += 1
            if not self._add(value):
                self.foreign += 1

    def holes(self, journal_name: str) -> list[tuple[int, int]]:
        """The missing sequences of a journal, as ranges."""
        sequences = self.journals[journal_name].sequences
        return sequences.holes(1 if self._complete else sequences.first)

    @property
    def proven(self) -> bool:
        """Whether no record is missing. Duplicates and order are told per sensor; neither is a loss."""
        return not any(self.holes(name) for name in self.journals)

    def report(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {
            "records": self.records,
            "foreign": self.foreign,
            "complete_from_first_record": self._complete,
            "proven": self.proven,
            "journals": [
                {
                    "journal": name,
                    "first_sequence": journal.sequences.first,
                    "last_sequence": journal.sequences.last,
                    "missing": sum(high - low + 1 for low, high in self.holes(name)),
                    "holes": self.holes(name),
                    "sensors": [
                        {
                            "sensor_id": sensor_id,
                            "records": sensor.records,
                            "duplicates": sensor.duplicates,
                            "out_of_order": sensor.out_of_order,
                            "first_measured_at": sensor.first_measured_at,
                            "last_measured_at": sensor.last_measured_at,
                        }
                        for sensor_id, sensor in sorted(journal.sensors.items())
                    ],
                }
                for name, journal in sorted(self.journals.items())
            ],
        }

    def _add(self, value: bytes) -> bool:
        try:
            fields = json.loads(value)
            name, slash, digits = fields["event_id"].rpartition("/")
            sensor_id, measured_at = fields["sensor_id"], fields["measured_at"]
            if not (slash and digits.isascii() and digits.isdigit() and isinstance(sensor_id, str)):
                return False
        except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return False
        sequence = int(digits)
        journal = self.journals.setdefault(name, JournalProof())
        sensor = journal.sensors.setdefault(sensor_id, SensorProof(first_measured_at=str(measured_at)))
        if not journal.sequences.add(sequence):
            sensor.duplicates += 1
            return True
        sensor.records += 1
        sensor.last_measured_at = str(measured_at)
        sensor.out_of_order += sequence < sensor.newest
        sensor.newest = max(sensor.newest, sequence)
        return True
