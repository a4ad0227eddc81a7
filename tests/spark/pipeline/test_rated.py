from suhu_jobs.pipeline.rated import Rated

from tests.spark.pipeline.readings import T0_MS, fold_all, reading


def test_every_reading_is_rated_and_keeps_its_fields() -> None:
    first = {
        "reading_id": "t/0/0",
        "sensor_id": "S1",
        "suhu": 70,
        "measured_at_ms": T0_MS,
        "source": "serial",
        "event_id": None,
        "replayed": True,
        "clock_unsynced": False,
        "rate_celsius_per_min": None,
    }
    second = {**first, "reading_id": "t/0/60", "suhu": 76, "measured_at_ms": T0_MS + 60_000, "replayed": False}
    assert fold_all(Rated(), [reading(0, 70, replayed=True), reading(60, 76)]) == [
        first,
        {**second, "rate_celsius_per_min": 6.0},
    ]
    assert Rated().due_ms({}, 0) is None
