"""The wiring of the report: a Spark session without Kafka, the day's files, figures to table and picture."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from suhu_jobs.errors import NoReadings, StorageError
from suhu_jobs.failure import first_line
from suhu_jobs.history.names import PATHS, parse_path
from suhu_jobs.history.reading import files_of, read_files
from suhu_jobs.history.storage import Storage
from suhu_jobs.jvm import EXIT_TIMEOUT_S, JavaError, start_jvm
from suhu_jobs.pipeline.machines import read_machines
from suhu_jobs.report.figures import measured_now, per_machine, per_minute, with_intervals
from suhu_jobs.report.plot import MAX_PANELS, Minute, draw
from suhu_jobs.report.settings import ReportSettings
from suhu_jobs.report.table import MachineDay, table
from suhu_jobs.schema import SENSOR_ID
from suhu_jobs.session import QUIET_JAVA, is_local, open_session

DRIVER_MEMORY = "1g"
ATTEMPTS = 3  # the pipeline may merge the day's files while they are read


@dataclass(frozen=True, slots=True)
class Day:
    """What Spark has counted."""

    machines: list[MachineDay]
    left_out: int  # readings that say nothing about this day
    minutes: dict[str, list[Minute]]  # of the machines that are drawn


def run(settings: ReportSettings) -> int:
    """Print the report and write the picture; return the exit code."""
    names = {} if settings.machines is None else {m.sensor_id: m.name for m in read_machines(settings.machines)}
    if is_local(settings.master):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    conf = {"spark.driver.memory": DRIVER_MEMORY, "spark.driver.extraJavaOptions": " ".join(QUIET_JAVA)}
    jvm = start_jvm(conf)
    try:
        if jvm.submitted:
            jvm.configure_logging()
        own_conf = {"spark.sql.shuffle.partitions": "8"}
        spark = open_session(jvm, "suhu-report", settings.master, os.cpu_count() or 1, settings.history, own_conf)
        try:
            day = count_day(spark, settings)
        finally:
            spark.stop()
    finally:
        jvm.close(EXIT_TIMEOUT_S)
    _tell(day, settings, names)
    return os.EX_OK


def count_day(spark: SparkSession, settings: ReportSettings) -> Day:
    """Have Spark count what the report shows.

    Raises:
        NoReadings: there is no history, no such day in it, or nothing of these sensors.
        StorageError: the directory or its files cannot be read.
    """
    storage = Storage(spark, settings.history)
    files = files_of(storage, settings.day)
    for attempt in range(1, ATTEMPTS + 1):
        if not files:
            raise NoReadings(_why_none(storage, settings.day))
        try:
            return _count(read_files(spark, storage, files), settings)
        except (JavaError, PySparkException) as exc:
            before, files = files, files_of(storage, settings.day)
            if files == before or attempt == ATTEMPTS:
                raise StorageError(
                    f"{storage.url()} cannot be read for {settings.day} ({first_line(exc)}): see that this user may "
                    "read it, and that no other program writes there"
                ) from exc
    raise AssertionError  # the last attempt returns or raises


def _count(history: DataFrame, settings: ReportSettings) -> Day:
    asked_for = history.filter(history[SENSOR_ID].isin(*settings.sensors)) if settings.sensors else history
    readings = measured_now(asked_for)
    intervals = with_intervals(readings, settings.hot_above_celsius, settings.silent_after_s)
    machines = [MachineDay(**row.asDict()) for row in per_machine(intervals).collect()]
    if not machines:
        raise NoReadings(_why_none_left(settings))
    left_out = asked_for.count() - sum(machine.readings for machine in machines)
    minutes: dict[str, list[Minute]] = {}
    if settings.plot is not None:
        drawn = sorted(m.sensor_id for m in sorted(machines, key=lambda m: -m.highest)[:MAX_PANELS])
        for row in per_minute(readings.filter(readings[SENSOR_ID].isin(*drawn))).collect():
            minutes.setdefault(row[SENSOR_ID], []).append(Minute(row.minute, row.lowest, row.mean, row.highest))
    return Day(machines, left_out, minutes)


def _why_none(storage: Storage, day: str) -> str:
    found = [parse_path(file.path) for file in storage.find(PATHS)]
    days = sorted({file.day for file in found if file is not None})
    if not days:
        return (
            f"there is no history in {storage.url()}: pipeline.py writes one; "
            "give its directory with --history if it is another one"
        )
    return f"the history in {storage.url()} has no {day}: it has {len(days)} days from {days[0]} to {days[-1]}"


def _why_none_left(settings: ReportSettings) -> str:
    whose = f" of {', '.join(settings.sensors)}" if settings.sensors else ""
    remedy = ": leave --sensor out to see what there is" if settings.sensors else ""
    return (
        f"the history has nothing{whose} on {settings.day}, or only retained values and readings of a clock that was "
        f"wrong{remedy}"
    )


def _tell(day: Day, settings: ReportSettings, names: Mapping[str, str]) -> None:
    print(f"{settings.day} (UTC)\n")
    print(table(day.machines, names, settings.hot_above_celsius))
    if day.left_out:
        print(f"\n{day.left_out} readings left out: retained from before, or of a clock that was wrong")
    if settings.plot is None:
        return
    draw(day.minutes, names, settings.day, settings.hot_above_celsius, settings.plot)
    if len(day.machines) > len(day.minutes):
        print(f"\n{settings.plot} shows the {len(day.minutes)} hottest machines; --sensor chooses others")
