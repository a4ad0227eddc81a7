from dataclasses import dataclass
from datetime import UTC, datetime

from dashboard.errors import HistoryError

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Span:
    """A sensor's day, or a part of it."""

    sensor_id: str
    day: str  # YYYY-MM-DD, UTC
    from_ms: int
    to_ms: int

    @classmethod
    def of(cls, sensor_id: str, day: str, from_s: float | None = None, to_s: float | None = None) -> "Span":
        """Within the day; `from_s` and `to_s` are seconds since 1970.

        Raises:
            HistoryError: it is empty.
        """
        midnight_ms = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1000
        end_ms = midnight_ms + DAY_MS - 1
        from_ms = midnight_ms if from_s is None else max(midnight_ms, int(from_s * 1000))
        to_ms = end_ms if to_s is None else min(end_ms, int(to_s * 1000))
        if from_ms > to_ms:
            raise HistoryError(400, f"from must be before to, both in seconds since 1970 and within {day} (UTC)")
        return cls(sensor_id, day, from_ms, to_ms)
