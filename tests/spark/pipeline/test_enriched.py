from typing import Any

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.pipeline.enriched import MACHINES_SCHEMA, Limits, enrich
from suhu_jobs.pipeline.rated import RATED_SCHEMA

from tests.spark.pipeline.readings import T0_MS

LIMITS = Limits(warning_above_celsius=70.0, critical_above_celsius=80.0)
MACHINES = [
    ("S1", "Press", None, None),
    ("S2", "Fan", 40.0, None),
    ("S3", "Oven", None, 200.0),
    ("S9", "Spare", 1.0, 2.0),
]


def _enriched(spark: SparkSession, *readings: tuple[str, float], limits: Limits = LIMITS) -> list[dict[str, Any]]:
    rows = [
        (f"t/0/{number}", sensor_id, celsius, T0_MS, "mqtt", "g/aaaa/1", False, False, 1.5)
        for number, (sensor_id, celsius) in enumerate(readings)
    ]
    machines = spark.createDataFrame(MACHINES, MACHINES_SCHEMA)
    rated = spark.createDataFrame(rows, RATED_SCHEMA).coalesce(1)
    return [row.asDict() for row in enrich(rated, machines, limits).collect()]


@pytest.mark.parametrize(
    ("sensor_id", "celsius", "level"),
    [
        ("S1", 70.0, "normal"),
        ("S1", 70.0000001, "warning"),
        ("S1", 80.0, "warning"),
        ("S1", 80.0000001, "critical"),
        ("S2", 40.0, "normal"),
        ("S2", 40.1, "warning"),
        ("S2", 80.1, "critical"),
        ("S3", 80.1, "warning"),
        ("S3", 200.1, "critical"),
        ("unknown", 70.1, "warning"),
        ("unknown", -20.0, "normal"),
    ],
)
def test_a_level_begins_strictly_above_its_limit(
    spark: SparkSession, sensor_id: str, celsius: float, level: str
) -> None:
    assert [row["level"] for row in _enriched(spark, (sensor_id, celsius))] == [level]


def test_each_reading_gets_its_machine_and_the_limits_that_hold_for_it(spark: SparkSession) -> None:
    rows = _enriched(spark, ("S2", 1.0), ("new", 2.0), ("S1", 3.0), ("S3", 4.0), ("S2", 5.0))
    assert [
        (row["suhu"], row["machine"], row["warning_above_celsius"], row["critical_above_celsius"]) for row in rows
    ] == [
        (1.0, "Fan", 40.0, 80.0),
        (2.0, None, 70.0, 80.0),
        (3.0, "Press", 70.0, 80.0),
        (4.0, "Oven", 70.0, 200.0),
        (5.0, "Fan", 40.0, 80.0),
    ]


def test_the_common_limits_can_be_set_and_the_higher_level_counts(spark: SparkSession) -> None:
    rows = _enriched(spark, ("S1", 61.0), limits=Limits(warning_above_celsius=70.0, critical_above_celsius=60.0))
    assert [row["level"] for row in rows] == ["critical"]


@pytest.mark.parametrize(
    ("celsius", "fahrenheit"),
    [(0.0, 32.0), (100.0, 212.0), (-40.0, -40.0), (83.4, 182.12), (-273.15, -459.67), (36.6, 97.88), (0.001, 32.002)],
)
def test_fahrenheit(spark: SparkSession, celsius: float, fahrenheit: float) -> None:
    assert [row["fahrenheit"] for row in _enriched(spark, ("S1", celsius))] == [fahrenheit]
