from dataclasses import dataclass

from dashboard.errors import RecordError
from dashboard.records import fields


@dataclass(frozen=True, slots=True)
class Statistic:
    """One sensor in one window, as far as it has grown; from the topic `sensor-suhu-stats`."""

    stat_id: str
    sensor_id: str
    window_start_ms: int
    window_s: int
    revision: int
    setbacks: int  # how often the sensor's clock had been set back
    minimum: float
    maximum: float
    mean: float
    share_above: float  # of the readings, 0 to 1

    def is_after(self, other: "Statistic") -> bool:
        """Tell whether it replaces the other one of the same sensor: windows are told again, old ones too."""
        if self.stat_id == other.stat_id:
            return self.revision > other.revision
        return self.setbacks != other.setbacks or self.window_start_ms > other.window_start_ms


def parse_statistic(value: bytes | None) -> Statistic:
    """Read a record of the topic.

    Raises:
        RecordError: it is malformed.
    """
    found = fields.parse_object(value)
    share_above = fields.number(found, "share_above")
    if not 0 <= share_above <= 1:
        raise RecordError("malformed", "share_above is no part of the whole")
    return Statistic(
        stat_id=fields.text(found, "stat_id", 300),
        sensor_id=fields.sensor_id(found),
        window_start_ms=fields.instant_ms(found, "window_start"),
        window_s=int(fields.number(found, "window_s")),
        revision=int(fields.number(found, "revision")),
        setbacks=int(fields.number(found, "setbacks")),
        minimum=fields.celsius(found, "min"),
        maximum=fields.celsius(found, "max"),
        mean=fields.celsius(found, "mean"),
        share_above=share_above,
    )
