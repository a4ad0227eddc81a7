"""Readings of one sensor for tests of folds, second by second."""

from collections.abc import Iterable
from typing import Any

from suhu_jobs.pipeline.folding import Fold, Reading, State

T0_MS = 1_795_316_645_000  # 2026-11-22T03:04:05Z


def reading(at_s: float, celsius: float, offset: int | None = None, **other: Any) -> Reading:
    """What S1 measured `at_s` seconds after T0; its offset is its second unless it is told."""
    plain: dict[str, Any] = {
        "sensor_id": "S1",
        "source": "serial",
        "event_id": None,
        "replayed": False,
        "clock_unsynced": False,
        "retained": False,
    }
    where = round(at_s) if offset is None else offset
    at_ms = T0_MS + round(at_s * 1000)
    return Reading(**{**plain, **other}, celsius=celsius, measured_at_ms=at_ms, origin=f"t/0/{where}")


def fold_all(fold: Fold, readings: Iterable[Reading], state: State | None = None) -> list[dict[str, Any]]:
    """What a fold emits for readings in this order."""
    state = fold.start() if state is None else state
    emitted: list[dict[str, Any]] = []
    for one in readings:
        fold.reading(state, one, emitted.append)
    return emitted
