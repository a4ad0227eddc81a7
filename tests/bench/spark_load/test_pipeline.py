import json

from bench.spark_load.pipeline import closing_times
from sandbox.records import Record


def record(timestamp_ms: int, **fields: object) -> Record:
    return Record(None, json.dumps(fields).encode(), 0, 0, timestamp_ms)


def reading(sensor_id: str, second: int, arrived_ms: int) -> Record:
    return record(arrived_ms, sensor_id=sensor_id, measured_at=f"2026-11-22T03:04:{second:02}.000Z")


def statistic(sensor_id: str, start: int, arrived_ms: int, *, final: bool = True, window_s: int = 10) -> Record:
    start_text = f"2026-11-22T03:04:{start:02}.000Z"
    return record(arrived_ms, sensor_id=sensor_id, window_start=start_text, window_s=window_s, final=final)


READINGS = [reading("S1", second, 1_000_000 + second * 1000) for second in range(60)]


def test_a_window_is_timed_from_the_first_reading_of_its_sensor_a_second_after_its_end() -> None:
    others = [reading("S2", second, 1_000_000 + second * 1000 - 300) for second in range(60)]
    statistics = [statistic("S1", 20, 1_031_750), statistic("S2", 30, 1_041_000)]
    assert closing_times([*READINGS, *others], statistics) == [750.0, 300.0]


def test_what_is_not_final_or_wider_or_of_the_warm_up_or_never_closed_is_not_timed() -> None:
    statistics = [
        statistic("S1", 20, 1_030_000, final=False),
        statistic("S1", 20, 1_031_000, window_s=60),
        statistic("S1", 0, 1_011_500),
        statistic("S1", 50, 1_099_000),
    ]
    assert closing_times(READINGS, statistics) == []
