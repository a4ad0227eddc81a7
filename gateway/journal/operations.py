"""What can be done to the journal; a list of them is one commit."""

from dataclasses import dataclass

from gateway.model import Position, Reading, Record


@dataclass(frozen=True, slots=True)
class Append:
    """Put the reading at the end of the queue."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the reading as its sensor's only held one, in place of an earlier one."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Release:
    """Put the held reading of this sensor at the end of the queue; nothing is held afterwards."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Remember:
    """Keep how far a source has been read, in place of what was kept of it before."""

    position: Position


@dataclass(frozen=True, slots=True)
class Delivered:
    """Kafka has acknowledged every record up to and including this sequence."""

    through: int
    journal_name: str  # whose sequence; ignored by a journal that has begun a new id since


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Kafka refuses this record for good: keep it aside, for a person."""

    record: Record
    reason: str


@dataclass(frozen=True, slots=True)
class DropOldest:
    """Give up the oldest undelivered records, for room: the policy of `when_full = "drop_oldest"`."""

    count: int
    in_memory_through: int  # records up to this sequence are sent from memory all the same: they are not lost
    journal_name: str  # whose sequence, as above


Operation = Append | Hold | Release | Remember | Delivered | Quarantine | DropOldest
