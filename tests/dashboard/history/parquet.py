from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MIDNIGHT_MS = 1_795_305_600_000  # 2026-11-22T00:00:00Z
DAY = "2026-11-22"

Row = tuple[str, float, float]  # sensor, seconds after midnight, °C


def write(
    folder: Path,
    rows: Sequence[Row],
    *,
    name: str = "t0-0000000001-0000000001-1afa4814",
    day: str = DAY,
    source: str = "serial",
    retained: bool = False,
    unsynced: bool = False,
) -> Path:
    """Write a file of the history, in the columns of contracts/history.md, sorted as the pipeline does."""
    ordered = sorted(rows, key=lambda row: (row[0], row[1]))
    count = len(ordered)
    table = pa.table(
        {
            "sensor_id": [sensor for sensor, _, _ in ordered],
            "suhu": [celsius for _, _, celsius in ordered],
            "measured_at": pa.array(
                [MIDNIGHT_MS + round(second * 1000) for _, second, _ in ordered], pa.timestamp("ms", tz="UTC")
            ),
            "source": [source] * count,
            "event_id": [f"pabrik-1/k3v9/{number + 1}" for number in range(count)],
            "replayed": [False] * count,
            "clock_unsynced": [unsynced] * count,
            "retained": [retained] * count,
            "topic": ["sensor-suhu"] * count,
            "partition": pa.array([0] * count, pa.int32()),
            "offset": pa.array(range(count), pa.int64()),
        }
    )
    file = folder / f"day={day}" / f"{name}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, file, compression="zstd")
    return file
