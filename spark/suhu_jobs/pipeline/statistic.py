from datetime import UTC, datetime

from suhu_jobs.pipeline.tally import Tally, mean, revision
from suhu_jobs.schema import (
    COUNT,
    FINAL,
    FIRST_MEASURED_AT,
    LAST,
    LAST_MEASURED_AT,
    MAX,
    MEAN,
    MIN,
    REVISION,
    SENSOR_ID,
    SETBACKS,
    SHARE_ABOVE,
    SOURCE,
    STAT_ID,
    THRESHOLD,
    WINDOW_S,
    WINDOW_START,
)

LATE = "late"  # readings that came when their windows were final already
UNTIMED = "untimed"  # readings whose time cannot be meant

# What `Windows` emits: a record of the topic, or, with a null stat_id, a number of readings that are in no window.
FOLDED_SCHEMA = (
    f"{STAT_ID} STRING, {SENSOR_ID} STRING, {WINDOW_START} STRING, {WINDOW_S} INT, {FINAL} BOOLEAN, {REVISION} LONG, "
    f"{COUNT} LONG, {MIN} DOUBLE, {MAX} DOUBLE, {MEAN} DOUBLE, {LAST} DOUBLE, {SHARE_ABOVE} DOUBLE, "
    f"{THRESHOLD} DOUBLE, {FIRST_MEASURED_AT} STRING, {LAST_MEASURED_AT} STRING, {SOURCE} STRING, {SETBACKS} LONG, "
    f"{LATE} LONG, {UNTIMED} LONG"
)
_COLUMNS = tuple(column.split(" ")[0] for column in FOLDED_SCHEMA.split(", "))
_NO_COLUMNS: dict[str, object] = dict.fromkeys(_COLUMNS)


def statistic(
    sensor_id: str, width_s: int, tally: Tally, setbacks: int, threshold_celsius: float, *, final: bool
) -> dict[str, object]:
    """Put a window with at least one reading into the words of the contract."""
    start = _instant(tally["start_ms"])
    return _NO_COLUMNS | {
        STAT_ID: f"{sensor_id}/{width_s}/{start}/{setbacks}",
        SENSOR_ID: sensor_id,
        WINDOW_START: start,
        WINDOW_S: width_s,
        FINAL: final,
        REVISION: revision(tally, final=final),
        COUNT: tally["count"],
        MIN: tally["min"],
        MAX: tally["max"],
        MEAN: mean(tally),
        LAST: tally["last"],
        SHARE_ABOVE: tally["above"] / tally["count"],
        THRESHOLD: threshold_celsius,
        FIRST_MEASURED_AT: _instant(tally["first_ms"]),
        LAST_MEASURED_AT: _instant(tally["last_ms"]),
        SOURCE: tally["source"] or None,
        SETBACKS: setbacks,
    }


def counter(sensor_id: str, *, late: int | None = None, untimed: int | None = None) -> dict[str, object]:
    """Say that so many readings of a sensor are in no window, and why."""
    return _NO_COLUMNS | {SENSOR_ID: sensor_id, LATE: late, UNTIMED: untimed}


def _instant(since_1970_ms: int) -> str:
    instant = datetime.fromtimestamp(since_1970_ms // 1000, UTC).replace(microsecond=since_1970_ms % 1000 * 1000)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
