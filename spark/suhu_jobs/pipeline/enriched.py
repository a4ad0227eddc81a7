from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - its name in all of PySpark's documentation

from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.machines import MachinesFile
from suhu_jobs.pipeline.per_sensor import fold_stream
from suhu_jobs.pipeline.rated import RATED_SCHEMA, Rated
from suhu_jobs.pipeline.records import enriched_records
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.producer import PRODUCER_OPTIONS
from suhu_jobs.schema import CRITICAL_ABOVE, FAHRENHEIT, LEVEL, MACHINE, SENSOR_ID, SUHU, WARNING_ABOVE

MACHINES_SCHEMA = f"{SENSOR_ID} STRING, {MACHINE} STRING, {WARNING_ABOVE} DOUBLE, {CRITICAL_ABOVE} DOUBLE"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of sensors whose machine says nothing else; both are exceeded strictly above."""

    warning_above_celsius: float
    critical_above_celsius: float


def rate(accepted: DataFrame) -> DataFrame:
    """Every accepted reading, with how fast its sensor warms (RATED_SCHEMA)."""
    return fold_stream(accepted, Rated(), RATED_SCHEMA, timers=False)


def enrich(rated: DataFrame, machines: DataFrame, limits: Limits) -> DataFrame:
    """Join each reading with its machine, and judge it.

    Args:
        rated: RATED_SCHEMA.
        machines: MACHINES_SCHEMA, one row per sensor at most; small, since every executor gets a copy.
        limits: hold where the machine's are null.

    Returns:
        The readings in their order, with machine (null: of no known one), limits, °F and level.
    """
    warning = F.coalesce(F.col(WARNING_ABOVE), F.lit(limits.warning_above_celsius))
    critical = F.coalesce(F.col(CRITICAL_ABOVE), F.lit(limits.critical_above_celsius))
    return rated.join(F.broadcast(machines), SENSOR_ID, "left").select(
        *rated.columns,
        MACHINE,
        F.round(F.col(SUHU) * 1.8 + 32, 3).alias(FAHRENHEIT),
        warning.alias(WARNING_ABOVE),
        critical.alias(CRITICAL_ABOVE),
        _level(warning, critical).alias(LEVEL),
    )


def _level(warning: Column, critical: Column) -> Column:
    celsius = F.col(SUHU)
    return F.when(celsius > critical, "critical").when(celsius > warning, "warning").otherwise("normal")


class EnrichedSink:
    """Joins each batch with the machines of that moment, and writes it to Kafka.

    The driver reads the file and hands its rows out, so no executor needs it. That is why this is no plain stream: its
    tables are fixed when it starts.
    """

    def __init__(self, settings: PipelineSettings, log: EventLog) -> None:
        """Read the machines file, if there is one.

        Raises:
            ConfigError: it is not there or not right.
        """
        self._file = MachinesFile(settings.machines, log) if settings.machines else None
        self._limits = Limits(settings.warning_above_celsius, settings.hot_above_celsius)
        self._options = {
            "kafka.bootstrap.servers": settings.bootstrap_servers,
            "topic": settings.output_topic("enriched"),
            **settings.kafka.for_spark(),
            **PRODUCER_OPTIONS,
        }

    def __call__(self, batch: DataFrame, _number: int) -> None:
        """Write a batch; one that is run again writes the same records."""
        known = self._file.current() if self._file else ()
        rows = [(each.sensor_id, each.name, each.warning_above_celsius, each.critical_above_celsius) for each in known]
        machines = batch.sparkSession.createDataFrame(rows, MACHINES_SCHEMA)
        enriched_records(enrich(batch, machines, self._limits)).write.format("kafka").options(**self._options).save()
