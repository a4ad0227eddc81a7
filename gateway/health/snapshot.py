from dataclasses import asdict, dataclass
from typing import Any, Literal

CHANGES = {
    "reloading": "a new configuration takes the place of the old one",
    "stopping": "it was told to stop, or its files have come to their end",
}


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source."""

    is_up: bool
    error: str | None = None  # why it is not; None: it is, or nobody knows yet


@dataclass(frozen=True, slots=True)
class LastReading:
    """The newest reading of one sensor."""

    celsius: float
    age_s: float  # since it arrived


@dataclass(frozen=True, slots=True)
class JournalSize:
    """What only the journal's thread can tell."""

    bytes: int  # in use
    max_bytes: int
    disk_free_bytes: int
    oldest_waiting_ms: int | None  # Unix time at which the first waiting record was measured; None: none waits


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How a working gateway is at one moment; totals count since its start or its last reload."""

    version: str
    pid: int
    journal: str  # its name, the beginning of every event_id
    running_s: float
    sources: dict[str, SourceState]  # by name; empty while none is found or configured
    sensors: dict[str, LastReading]  # the first ones heard, see Intake
    waiting_for_kafka: int  # committed records
    kafka_down_s: float | None  # None: it takes what it gets
    kafka_error: str | None  # why it is down
    journal_trouble: str | None  # journal_full or journal_failed
    journal_error: str | None
    stuck: list[str]  # what makes no progress although it has work
    journal_busy_s: float  # for how long one step of it has taken by now
    kafka_busy_s: float
    last_delivery_at_s: float | None  # Unix time; None: none yet
    delivered_total: int
    delivery_failures_total: dict[str, int]  # by kind, see kafka_words
    quarantined_total: int
    readings_total: dict[str, int]  # by kind of source
    retained_total: int
    superseded_total: int
    rejected_total: dict[str, int]  # by reason
    rejected_sent_total: int
    rejected_unsent_total: int
    dropped_total: dict[str, int]  # by reason
    clock_jumps_total: int
    clock_unsynced: bool
    certificates: dict[str, float]  # by file or server: Unix time at which the first of it ends
    changing: Literal["reloading", "stopping"] | None = None  # nothing works: it makes room for the next, or for none

    def summary(self) -> str:
        """One line for a person."""
        down = [name for name, source in self.sources.items() if not source.is_up]
        up = len(self.sources) - len(down)
        parts = [f"{up} of {len(self.sources)} sources up"] if self.sources else ["looking for a source"]
        parts += [f"{name} is down" for name in down]
        parts.append(f"{self.waiting_for_kafka} readings wait for Kafka")
        if self.kafka_down_s is not None:
            parts.append(f"Kafka is down for {self.kafka_down_s:.0f} s")
        if self.journal_trouble is not None:
            parts.append(self.journal_trouble.replace("_", " "))
        return ", ".join(parts)

    def document(self) -> dict[str, Any]:
        """Everything, for JSON; `state` is the summary."""
        return {"state": self.summary(), "unready": unready(self), **asdict(self)}


def unready(snapshot: Snapshot) -> list[dict[str, str]]:
    """What keeps readings from Kafka, or would lose them: `reason` for programs, `detail` for people; [] is well."""
    reasons = [("stuck", words) for words in snapshot.stuck]
    if snapshot.changing is not None:
        reasons.append((snapshot.changing, CHANGES[snapshot.changing]))
        return _told(reasons)  # what is closed in the course of it is no trouble
    if snapshot.journal_trouble is not None:
        reasons.append((snapshot.journal_trouble, snapshot.journal_error or "the journal takes nothing"))
    if snapshot.kafka_down_s is not None:
        reasons.append(("kafka_down", f"{snapshot.kafka_error} (for {snapshot.kafka_down_s:.0f} s)"))
    if not snapshot.sources:
        reasons.append(("no_source", "no source is open yet: the gateway looks for one, or its files are read"))
    for name, source in snapshot.sources.items():
        if not source.is_up:
            reasons.append(("source_down", f"{name}: {source.error or 'it is being opened'}"))
    if snapshot.clock_unsynced:
        reasons.append(("clock_unsynced", "the wall clock is before this program's release: set it, or let NTP"))
    return _told(reasons)


def _told(reasons: list[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"reason": reason, "detail": detail} for reason, detail in reasons]
