"""The statistics of some thousand readings, compared with a computation that shares no code with them."""

import json
import random
from datetime import datetime
from typing import Any

import pytest
from suhu_jobs.pipeline.folding import Reading, State
from suhu_jobs.pipeline.windows import Windows

from tests.spark.pipeline.plant_day import SENSORS, Sent, plant_day, statistics

FIELDS = ("count", "min", "max", "mean", "last", "share_above", "first_measured_at", "last_measured_at")


def _reading(sent: Sent) -> Reading:
    at = datetime.fromisoformat(sent.value["measured_at"])
    return Reading(
        sensor_id=sent.sensor_id,
        celsius=sent.value["suhu"],
        measured_at_ms=round(at.timestamp() * 1000),
        source=sent.value["source"],
        event_id=sent.value["event_id"],
        origin="",
        replayed=False,
        clock_unsynced=at.year < 2000 or "clock_unsynced" in sent.value,
        retained=False,
    )


def _folded(sent: list[Sent], cut: random.Random) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    fold = Windows(threshold_celsius=80.0, lateness_ms=2000, silent_after_ms=30_000)
    states: dict[str, State] = {sensor: fold.start() for sensor in SENSORS}
    for one in sent:
        if "retained" in one.value:
            continue  # the adapter keeps them from every fold
        fold.reading(states[one.sensor_id], _reading(one), told.append)
        if cut.random() < 0.1:
            fold.settle(states[one.sensor_id], told.append)
            states[one.sensor_id] = json.loads(json.dumps(states[one.sensor_id]))
    return told


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_final_window_is_what_a_plain_computation_says(seed: int) -> None:
    sent = plant_day(seed)
    told = _folded(sent, random.Random(seed))
    finals = [record for record in told if record["final"]]
    expected = statistics(sent)
    assert len(expected) > 600
    assert len(finals) == len(expected)
    for record in finals:
        window = expected[record["sensor_id"], record["window_s"], record["window_start"]]
        assert {name: record[name] for name in FIELDS} == window | {"mean": pytest.approx(window["mean"], rel=1e-15)}
        assert record["revision"] == 2 * window["count"] + 1
        assert record["setbacks"] == 0
    outside = sum((record["late"] or 0) + (record["untimed"] or 0) for record in told)
    assert outside == sum(not one.counts and "retained" not in one.value for one in sent)
    assert outside > 200
