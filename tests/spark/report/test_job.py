import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.errors import NoReadings, StorageError
from suhu_jobs.events import EventLog
from suhu_jobs.history.writer import HistoryWriter
from suhu_jobs.report.job import count_day
from suhu_jobs.report.settings import parse_report_settings
from suhu_jobs.schema import HISTORY_SCHEMA

from tests.spark.alert_process import PROJECT, SPARK_SUBMIT

pytestmark = pytest.mark.system

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def history(spark: SparkSession, tmp_path: Path) -> Iterator[Path]:
    """Ten seconds of two sensors, of which S1 is hot from the third one on, and a value from before."""
    times = [MIDNIGHT + timedelta(seconds=number) for number in range(10)]
    rows = [(f"S{1 + n % 2}", 70.0 + 6 * n, times[n], "serial", f"g/aaaa/{n + 1}") for n in range(10)]
    rows.append(("S2", 500.0, MIDNIGHT, "mqtt", "g/aaaa/11"))
    full = [(*row, False, False, row[1] == 500, "t", 0, number) for number, row in enumerate(rows)]
    spark.sparkContext.setLocalProperty("sql.streaming.queryId", "1afa4814-f4cc-479b-bec7-abab3fb9d028")
    HistoryWriter(str(tmp_path / "history"), EventLog(str))(spark.createDataFrame(full, HISTORY_SCHEMA), 0)
    yield tmp_path / "history"
    spark.sparkContext.setLocalProperty("sql.streaming.queryId", None)  # type: ignore[arg-type]  # None unsets it


@pytest.mark.parametrize("command", [(sys.executable,), SPARK_SUBMIT], ids=["python", "spark-submit"])
def test_it_prints_a_table_and_writes_a_picture(history: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "machines.csv").write_text("sensor_id,machine\nS1,Tungku utara\n")
    options = ["--day", "2026-11-22", "--history", str(history), "--plot", str(tmp_path / "day.png")]
    argv = [*command, str(PROJECT / "spark" / "report.py"), *options, "--machines", str(tmp_path / "machines.csv")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "2026-11-22 (UTC)",
        "",
        "machine            readings  min °C  mean °C  max °C  above 80 °C  longest        longest silence",
        "Tungku utara (S1)         5    70.0     94.0   118.0      0:00:06  0:00:06  0:00:02 from 00:00:00",
        "S2                        5    76.0    100.0   124.0      0:00:06  0:00:06  0:00:02 from 00:00:01",
        "",
        "1 readings left out: retained from before, or of a clock that was wrong",
    ]
    assert (tmp_path / "day.png").read_bytes().startswith(b"\x89PNG")


def test_only_the_sensors_that_were_asked_for(spark: SparkSession, history: Path) -> None:
    day = count_day(spark, parse_report_settings(_options(history, "--sensor", "S2", "--plot", "a.png")))
    assert [machine.sensor_id for machine in day.machines] == ["S2"]
    assert {sensor_id: len(minutes) for sensor_id, minutes in day.minutes.items()} == {"S2": 1}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--day", "2026-11-21"], r"/history has no 2026-11-21: it has 1 days from 2026-11-22 to 2026-11-22"),
        (["--sensor", "S9"], "the history has nothing of S9 on 2026-11-22, .*: leave --sensor out"),
        (["--history", "/nowhere"], "there is no history in file:///nowhere: pipeline.py writes one; give its"),
    ],
)
def test_what_is_not_there_is_said(spark: SparkSession, history: Path, options: list[str], words: str) -> None:
    with pytest.raises(NoReadings, match=words):
        count_day(spark, parse_report_settings(_options(history, *options)))


def test_a_file_that_cannot_be_read_is_said(spark: SparkSession, history: Path) -> None:
    [file] = history.glob("day=*/*.parquet")
    file.with_name(f".{file.name}.crc").unlink()
    file.write_bytes(b"not Parquet")
    with pytest.raises(StorageError, match=r"/history cannot be read for 2026-11-22 \(.*\): see that"):
        count_day(spark, parse_report_settings(_options(history)))


def _options(history: Path, *options: str) -> list[str]:
    return ["--day", "2026-11-22", "--history", str(history), *options]
