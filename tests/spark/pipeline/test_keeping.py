from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.pipeline.keeping import kept
from suhu_jobs.schema import HISTORY_COLUMNS, HISTORY_SCHEMA

pytestmark = pytest.mark.system

AT = datetime(2026, 11, 22, 3, 4, 5, 678000, UTC)


def test_every_reading_is_kept_once_as_it_came(stateful: SparkSession, tmp_path: Path) -> None:
    waited = ("S1", 20.5, AT, "mqtt", "pabrik-1/k3v9/8", True, True, False, "t", 0, 1)
    retained = ("S2", -273.15, AT, "mqtt", "pabrik-1/k3v9/9", False, False, True, "t", 2, 5)
    resent = ("S1", 20.5, AT, "mqtt", "pabrik-1/k3v9/8", True, False, False, "t", 0, 2)
    plain = ("S1", 83.4, AT, "serial", "pabrik-1/k3v9/10", False, False, False, "t", 0, 3)
    rows = [waited, retained, resent, plain]
    stateful.createDataFrame(rows, HISTORY_SCHEMA).write.parquet(str(tmp_path / "accepted"))
    accepted = stateful.readStream.schema(HISTORY_SCHEMA).parquet(str(tmp_path / "accepted"))
    out = kept(accepted)
    assert tuple(out.columns) == HISTORY_COLUMNS
    writer = out.writeStream.format("memory").queryName("kept").outputMode("update").trigger(availableNow=True)
    writer.option("checkpointLocation", str(tmp_path / "checkpoint")).start().awaitTermination()
    found = [tuple(row) for row in stateful.table("kept").orderBy("offset").collect()]
    assert [(*row[:2], row[2].astimezone(UTC), *row[3:]) for row in found] == [waited, plain, retained]
