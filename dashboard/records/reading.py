import re
from dataclasses import dataclass

from dashboard.errors import RecordError
from dashboard.records import fields

FUTURE_TOLERANCE_MS = 5 * 60_000
YEAR_2000_MS = 946_684_800_000  # no reading is older; a clock that says so was never set
SOURCES = frozenset({"serial", "mqtt", "csv", "http", "simulator"})
_EVENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}/[a-z0-9]{4,16}/[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature, as one sensor reported it; from the topic `sensor-suhu`."""

    sensor_id: str
    celsius: float
    measured_at_ms: int  # UTC; wrong where `unsynced`
    source: str
    journal: str  # gateway/journal of the event_id
    sequence: int  # grows within the journal
    partition: int
    replayed: bool  # it had to wait at the gateway
    unsynced: bool

    @property
    def simulated(self) -> bool:
        """Whether no machine stands behind it."""
        return self.source == "simulator"


def parse_reading(value: bytes | None, partition: int, now_ms: int) -> Reading:
    """Read a record of the topic.

    Args:
        value: as it lies in Kafka.
        partition: where.
        now_ms: what time it is, UTC.

    Raises:
        RecordError: `malformed`; `future`: measured more than five minutes ahead; `retained`: an old value that an
            MQTT broker had kept, which says nothing about now.
    """
    found = fields.parse_object(value)
    measured_at_ms = fields.instant_ms(found, "measured_at")
    event_id = fields.text(found, "event_id", 110)
    if not _EVENT_ID.fullmatch(event_id):
        raise RecordError("malformed", "event_id is not gateway/journal/sequence")
    journal, _, sequence = event_id.rpartition("/")
    reading = Reading(
        sensor_id=fields.sensor_id(found),
        celsius=fields.celsius(found, "suhu"),
        measured_at_ms=measured_at_ms,
        source=fields.choice(found, "source", SOURCES),
        journal=journal,
        sequence=int(sequence),
        partition=partition,
        replayed=fields.flag(found, "replayed"),
        unsynced=fields.flag(found, "clock_unsynced") or measured_at_ms < YEAR_2000_MS,
    )
    if fields.flag(found, "retained"):
        raise RecordError("retained", "an old value that a broker had kept")
    if measured_at_ms > now_ms + FUTURE_TOLERANCE_MS:
        raise RecordError("future", "measured_at is more than 5 minutes ahead")
    return reading
