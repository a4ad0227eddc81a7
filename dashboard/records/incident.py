from dataclasses import dataclass

from dashboard.errors import RecordError
from dashboard.records import fields

KINDS = frozenset({"overheating", "fast_heating", "silent"})
PHASES = frozenset({"began", "still", "ended"})


@dataclass(frozen=True, slots=True)
class Incident:
    """How an incident stands, from the topic `sensor-suhu-incidents`."""

    incident_id: str
    kind: str
    phase: str
    sensor_id: str
    at_ms: int
    began_at_ms: int
    duration_s: float
    peak_celsius: float | None

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.phase != "ended"

    def is_after(self, other: "Incident") -> bool:
        """Tell whether it says more than the other record of the same incident: one may be written again."""
        return (not self.is_open, self.duration_s) > (not other.is_open, other.duration_s)


def parse_incident(value: bytes | None) -> Incident:
    """Read a record of the topic.

    Raises:
        RecordError: it is malformed.
    """
    found = fields.parse_object(value)
    duration_s = fields.number(found, "duration_s")
    if duration_s < 0:
        raise RecordError("malformed", "duration_s is below 0")
    has_peak = found.get("peak_celsius") is not None
    return Incident(
        incident_id=fields.text(found, "incident_id", 300),
        kind=fields.choice(found, "kind", KINDS),
        phase=fields.choice(found, "phase", PHASES),
        sensor_id=fields.sensor_id(found),
        at_ms=fields.instant_ms(found, "at"),
        began_at_ms=fields.instant_ms(found, "began_at"),
        duration_s=duration_s,
        peak_celsius=fields.celsius(found, "peak_celsius") if has_peak else None,
    )
