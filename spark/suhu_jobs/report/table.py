from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from suhu_jobs.printing import harmless, shortest


@dataclass(frozen=True, slots=True)
class MachineDay:
    """What one sensor's day came to; see figures.per_machine."""

    sensor_id: str
    readings: int
    lowest: float  # °C, like the next two
    mean: float
    highest: float
    hot_s: float
    longest_hot_s: float
    longest_gap_s: float | None  # None: there was one reading only
    gap_began_ms: int | None  # since 1970


def table(days: Sequence[MachineDay], names: Mapping[str, str], hot_above_celsius: float) -> str:
    """Lay the machines out in columns, one line each, for a terminal."""
    above = f"above {shortest(hot_above_celsius)} °C"
    header = ["machine", "readings", "min °C", "mean °C", "max °C", above, "longest", "longest silence"]
    rows = [header, *(_cells(day, names) for day in days)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def label(sensor_id: str, names: Mapping[str, str]) -> str:
    """Name a machine for a person: as machines.csv has it, with the sensor, else the sensor alone."""
    name = names.get(sensor_id)
    return harmless(f"{name} ({sensor_id})" if name else sensor_id)


def duration(seconds: float) -> str:
    """Write a duration as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _cells(day: MachineDay, names: Mapping[str, str]) -> list[str]:
    silence = "-"
    if day.longest_gap_s is not None and day.gap_began_ms is not None:
        began_at = datetime.fromtimestamp(day.gap_began_ms / 1000, UTC)
        silence = f"{duration(day.longest_gap_s)} from {began_at:%H:%M:%S}"
    return [
        label(day.sensor_id, names),
        str(day.readings),
        f"{day.lowest:.1f}",
        f"{day.mean:.1f}",
        f"{day.highest:.1f}",
        duration(day.hot_s),
        duration(day.longest_hot_s),
        silence,
    ]
