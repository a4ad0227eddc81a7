import json
import math
import re
from dataclasses import dataclass
from typing import Any

from suhu_jobs.schema import (
    ALERT_ID,
    EVENT_ID,
    EVENT_ID_PATTERN,
    MEASURED_AT,
    SENSOR_ID,
    SUHU,
    THRESHOLD,
    TOPIC_PATTERN,
)

_ALERT_ID = re.compile(rf"({TOPIC_PATTERN})/([0-9]{{1,10}})/([0-9]{{1,19}})")
_EVENT_ID = re.compile(EVENT_ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Alert:
    """One reading above the threshold, as it stands on the alerts topic."""

    topic: str  # of the reading, like the next two
    partition: int
    offset: int
    sensor_id: str
    celsius: float
    threshold_celsius: float
    measured_at: str | None  # None: the reading had none
    event_id: str | None

    @property
    def resend_key(self) -> str | None:
        """What a reading sent again by its gateway has in common with the first one; None if that cannot be told.

        The values are part of it: a gateway whose journal was rolled back uses its event_ids a second time, for
        other readings, and those must be warned of.
        """
        if self.event_id is None or not _EVENT_ID.fullmatch(self.event_id):
            return None
        return json.dumps([self.event_id, self.sensor_id, self.celsius, self.measured_at])


def parse_alert(value: bytes | None) -> Alert | None:
    """Decode a record of the alerts topic; None for whatever our stream did not write."""
    try:
        record = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    origin = _ALERT_ID.fullmatch(_text(record.get(ALERT_ID)) or "")
    sensor_id = _text(record.get(SENSOR_ID))
    celsius = _number(record.get(SUHU))
    threshold_celsius = _number(record.get(THRESHOLD))
    if origin is None or sensor_id is None or celsius is None or threshold_celsius is None:
        return None
    return Alert(
        topic=origin[1],
        partition=int(origin[2]),
        offset=int(origin[3]),
        sensor_id=sensor_id,
        celsius=celsius,
        threshold_celsius=threshold_celsius,
        measured_at=_text(record.get(MEASURED_AT)),
        event_id=_text(record.get(EVENT_ID)),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
