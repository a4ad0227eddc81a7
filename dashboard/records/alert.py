from dataclasses import dataclass

from dashboard.records import fields


@dataclass(frozen=True, slots=True)
class Alert:
    """One reading above its threshold, from the topic `sensor-suhu-alerts`."""

    alert_id: str  # topic/partition/offset of the reading
    sensor_id: str
    celsius: float
    measured_at_ms: int | None  # None: the reading had no time
    event_id: str | None  # of the reading; a resend has the same one


def parse_alert(value: bytes | None) -> Alert:
    """Read a record of the topic.

    Raises:
        RecordError: it is malformed.
    """
    found = fields.parse_object(value)
    has_time = found.get("measured_at") is not None
    has_event_id = found.get("event_id") is not None
    return Alert(
        alert_id=fields.text(found, "alert_id", 300),
        sensor_id=fields.sensor_id(found),
        celsius=fields.number(found, "suhu"),
        measured_at_ms=fields.instant_ms(found, "measured_at") if has_time else None,
        event_id=fields.text(found, "event_id", 300) if has_event_id else None,
    )
