from dashboard.plant.moment import Moment
from dashboard.records.reading import Reading

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z


def at(second: float) -> Moment:
    """So many seconds after noon; the steady clock began at 1000."""
    return Moment(NOON_MS + round(second * 1000), 1000.0 + second)


def reading(second: float, celsius: float = 23.5, sensor_id: str = "S1", **changes: object) -> Reading:
    """A reading measured so many seconds after noon; its sequence is its millisecond."""
    measured_at_ms = NOON_MS + round(second * 1000)
    fields: dict[str, object] = {
        "sensor_id": sensor_id,
        "celsius": celsius,
        "measured_at_ms": measured_at_ms,
        "source": "serial",
        "journal": "gw/k3v9",
        "sequence": measured_at_ms,
        "partition": 0,
        "replayed": False,
        "unsynced": False,
    }
    return Reading(**(fields | changes))  # type: ignore[arg-type]  # the fields are as Reading has them
