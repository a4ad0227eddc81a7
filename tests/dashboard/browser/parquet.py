"""A history as the pipeline writes it: contracts/history.md."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

SCHEMA = pa.schema(
    [
        ("sensor_id", pa.string()),
        ("suhu", pa.float64()),
        ("measured_at", pa.timestamp("ms", tz="UTC")),
        ("source", pa.string()),
        ("event_id", pa.string()),
        ("replayed", pa.bool_()),
        ("clock_unsynced", pa.bool_()),
        ("retained", pa.bool_()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
    ]
)


def keep_day(folder: Path, day: str, readings: Iterable[tuple[str, float, float]]) -> None:
    """Write a day of readings: sensor, seconds since midnight UTC, °C."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    rows = [
        {
            "sensor_id": sensor_id,
            "suhu": celsius,
            "measured_at": datetime.fromtimestamp(midnight + second, UTC),
            "source": "serial",
            "event_id": f"pabrik-1/k3v9/{offset + 1}",
            "replayed": False,
            "clock_unsynced": False,
            "retained": False,
            "topic": "sensor-suhu",
            "partition": 0,
            "offset": offset,
        }
        for offset, (sensor_id, second, celsius) in enumerate(readings)
    ]
    place = folder / f"day={day}"
    place.mkdir(parents=True)
    name = f"t0-0000000000-{len(rows) - 1:010}-1afa4814.parquet"
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), place / name, compression="zstd")
