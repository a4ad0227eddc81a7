"""The statistics of the pipeline as a process, on a real broker, killed in the middle."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from suhu_jobs.settings import PROJECT

from sandbox.kafka import Kafka
from sandbox.records import Record, read_topic
from sandbox.spark import PipelineJob
from sandbox.waiting import wait_until
from tests.spark.hostile import HOSTILE
from tests.spark.pipeline.plant import gateway, send
from tests.spark.pipeline.plant_day import Sent, plant_day, statistics

pytestmark = pytest.mark.system

SCHEMA = Draft202012Validator(json.loads((PROJECT / "contracts" / "sensor-suhu-stats.schema.json").read_text()))
LAST_START = "2024-03-01T00:30:00.000Z"  # of the windows of END, which stay open
Statistics = dict[tuple[str, int, str], dict[str, Any]]


def _send(kafka: Kafka, topic: str, sent: Iterable[Sent]) -> None:
    """Write readings as the gateway does, with something hostile after every hundredth."""
    with gateway(kafka) as producer:
        send(producer, topic, _with_hostile(sent))


def _with_hostile(sent: Iterable[Sent]) -> Iterator[tuple[str, bytes]]:
    hostile = (value for value in HOSTILE if value is not None and len(value) < 10_000)
    for number, one in enumerate(sent, start=1):
        yield one.sensor_id, one.wire
        if number % 100 == 0:
            yield one.sensor_id, next(hostile, b"")


def _told(kafka: Kafka, topic: str) -> list[Record]:
    return read_topic(kafka.bootstrap_servers, f"{topic}-stats")


def _newest(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    """What a reader keeps: of the records with one stat_id the one with the highest revision."""
    kept: dict[str, dict[str, Any]] = {}
    seen: dict[tuple[str, int], bytes] = {}
    for record in records:
        value = record.value or b""
        stat = json.loads(value)
        assert record.key == stat["sensor_id"].encode()
        assert seen.setdefault((stat["stat_id"], stat["revision"]), value) == value  # a repeat is one byte for byte
        if stat["revision"] >= kept.get(stat["stat_id"], stat)["revision"]:
            kept[stat["stat_id"]] = stat
    return kept


def _finals(kept: dict[str, dict[str, Any]]) -> Statistics:
    fields = ("count", "min", "max", "mean", "last", "share_above", "first_measured_at", "last_measured_at")
    return {
        (stat["sensor_id"], stat["window_s"], stat["window_start"]): {name: stat[name] for name in fields}
        for stat in kept.values()
        if stat["final"]
    }


def _agree(found: Statistics, expected: Statistics) -> bool:
    return found.keys() == expected.keys() and all(
        found[window] == {**stat, "mean": pytest.approx(stat["mean"], rel=1e-15)} for window, stat in expected.items()
    )


def test_over_kills_resends_and_hostile_records_every_window_is_what_a_plain_computation_says(
    kafka: Kafka, tmp_path: Path
) -> None:
    sent = plant_day(seed=7, per_sensor=300)
    third = len(sent) // 3
    kafka.create_topic("plant", 3)
    options = ["--topic", "plant", "--max-offsets-per-trigger", "400", "--trigger-s", "0.1", "--silent-after-s", "3600"]
    options += ["--state-partitions", "2"]
    with PipelineJob(
        tmp_path, kafka.bootstrap_servers, tmp_path / "checkpoint", queries=["stats"], arguments=options
    ) as job:
        for begin in (0, third, 2 * third):
            before = len(_told(kafka, "plant"))
            _send(kafka, "plant", sent[max(0, begin - 200) : begin + third + 2])  # the first 200 are resends
            job.wait_until(lambda told=before: len(_told(kafka, "plant")) > told, 60, "statistics")  # type: ignore[misc]  # of this turn
            if begin < 2 * third:
                job.kill()
                job.start()
        expected = statistics(sent)
        job.wait_until(lambda: len(_finals(_newest(_told(kafka, "plant")))) >= len(expected), 120, "every final window")
        assert job.stop() == 0
        assert "query failed" not in job.log.read_text()
    told = _told(kafka, "plant")
    for value in {record.value for record in told}:
        SCHEMA.validate(json.loads(value or b""))
    kept = _newest(told)
    assert _agree(_finals(kept), expected)
    assert {stat["window_start"] for stat in kept.values() if not stat["final"]} == {LAST_START}
    assert not _agree(_finals(kept), statistics([*sent, sent[100]]))  # the control: one resend that counts
    assert not _agree(_finals(kept), statistics(sent[1:]))  # one reading that is lost


def test_the_windows_of_a_sensor_that_falls_silent_become_final(kafka: Kafka, tmp_path: Path) -> None:
    kafka.create_topic("silent", 3)
    options = ["--topic", "silent", "--trigger-s", "0.1", "--silent-after-s", "0.5", "--stats-lateness-s", "0"]
    value = {"sensor_id": "S1", "suhu": 83.4, "source": "mqtt"}
    readings = [
        {**value, "measured_at": "2024-02-29T23:59:58.500Z", "event_id": "pabrik-1/k3v9/1"},
        {**value, "measured_at": "2024-02-29T23:59:59.000Z", "event_id": "pabrik-1/k3v9/2"},
    ]
    with PipelineJob(
        tmp_path, kafka.bootstrap_servers, tmp_path / "checkpoint", queries=["stats"], arguments=options
    ) as job:
        _send(kafka, "silent", [Sent(readings[0], counts=True)])
        wait_until(lambda: len(_finals(_newest(_told(kafka, "silent")))) == 2, 60, "both windows")
        _send(kafka, "silent", [Sent(readings[1], counts=True)])  # the gateway had held it
        wait_until(lambda: [s["count"] for s in _finals(_newest(_told(kafka, "silent"))).values()] == [2, 2], 60, "it")
        assert job.stop() == 0
    kept = _newest(_told(kafka, "silent"))
    assert sorted(kept) == ["S1/10/2024-02-29T23:59:50.000Z/0", "S1/60/2024-02-29T23:59:00.000Z/0"]
    assert [stat["revision"] for stat in kept.values()] == [5, 5]
