import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pyspark.sql import SparkSession
from suhu_jobs.pipeline.enriched import MACHINES_SCHEMA, Limits, enrich
from suhu_jobs.pipeline.incidents import INCIDENT_SCHEMA
from suhu_jobs.pipeline.rated import RATED_SCHEMA
from suhu_jobs.pipeline.records import enriched_records, incident_records

TOPICS = ("sensor-suhu-enriched", "sensor-suhu-incidents")
AT_MS = 1_795_316_645_678  # 2026-11-22T03:04:05.678Z


def _validator(contracts: Path, topic: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads((contracts / f"{topic}.schema.json").read_text()))


def _golden(contracts: Path, name: str) -> list[str]:
    return (contracts / "golden" / name).read_text().splitlines()


@pytest.mark.parametrize("topic", TOPICS)
def test_golden_records_are_judged_by_the_schema(contracts: Path, topic: str) -> None:
    validator = _validator(contracts, topic)
    for line in _golden(contracts, f"{topic}.valid.jsonl"):
        validator.validate(json.loads(line))
    invalid = [json.loads(line) for line in _golden(contracts, f"{topic}.invalid.jsonl")]
    assert [case["why"] for case in invalid if validator.is_valid(case["record"])] == []
    assert len(invalid) >= 5


def test_enriched_records_equal_the_golden_ones(spark: SparkSession, contracts: Path) -> None:
    oven = "tungku/utara #4 °"
    rows = [
        ("sensor-suhu/1/42", "S1", 83.4, AT_MS, "serial", "pabrik-1/k3v9/1042", False, False, None),
        ("sensor-suhu/1/43", "S1", 80.0, AT_MS + 60_000, "serial", "pabrik-1/k3v9/1046", True, False, -3.4),
        ("sensor-suhu/0/7", oven, -273.15, 0, "csv", "a/0000/1", False, True, None),
    ]
    machines = spark.createDataFrame([("S1", "Ekstruder 1", None, None)], MACHINES_SCHEMA)
    records = enriched_records(
        enrich(spark.createDataFrame(rows, RATED_SCHEMA), machines, Limits(70.0, 80.0))
    ).collect()
    golden = _golden(contracts, "sensor-suhu-enriched.valid.jsonl")
    assert [(bytes(r.key).decode(), bytes(r.value).decode()) for r in records] == list(
        zip(("S1", "S1", oven), golden, strict=True)
    )


def test_incident_records_equal_the_golden_ones(spark: SparkSession, contracts: Path) -> None:
    heat, warming, silence = "overheating/sensor-suhu/1/42", "fast_heating/sensor-suhu/0/7", "silent/sensor-suhu/0/9"

    def row(id_: str, phase: str, sensor: str, at_ms: int, lasted: int, *rest: Any, minutes: int | None = None) -> Any:
        return (id_, id_.split("/")[0], phase, minutes, sensor, at_ms, AT_MS, lasted, *rest)

    rows = [
        row(heat, "began", "S1", AT_MS, 0, 83.4, 83.4, None, "sensor-suhu/1/42", False, False),
        row(heat, "still", "S1", AT_MS + 60_500, 60_500, 90.25, 91.0, None, "sensor-suhu/1/44", True, False, minutes=1),
        row(heat, "ended", "S1", AT_MS + 85_000, 85_000, 74.9, 91.0, None, "sensor-suhu/1/45", False, False),
        row(warming, "began", "tungku °", AT_MS, 0, 40.0, 40.0, 20.0, "sensor-suhu/0/7", False, False),
        row(silence, "began", "S3", AT_MS + 30_322, 30_322, -5.0, None, None, "sensor-suhu/0/9", False, True),
        row(silence, "ended", "S3", AT_MS + 120_000, 120_000, -5.5, None, None, "sensor-suhu/0/10", False, False),
    ]
    records = incident_records(spark.createDataFrame(rows, INCIDENT_SCHEMA)).collect()
    golden = _golden(contracts, "sensor-suhu-incidents.valid.jsonl")
    assert [bytes(record.value).decode() for record in records] == golden
    assert [bytes(record.key).decode() for record in records] == ["S1", "S1", "S1", "tungku °", "S3", "S3"]
