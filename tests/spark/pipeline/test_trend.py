import random
from collections.abc import Iterable

import pytest
from suhu_jobs.pipeline.folding import Reading
from suhu_jobs.pipeline.trend import Points, follow

from tests.spark.pipeline.readings import reading


def _rates(readings: Iterable[Reading], points: Points | None = None) -> list[float | None]:
    points = [] if points is None else points
    return [follow(points, one) for one in readings]


def test_the_first_reading_has_no_rate() -> None:
    assert _rates([reading(0, 20)]) == [None]


def test_a_rate_needs_ten_seconds() -> None:
    assert _rates([reading(0, 20), reading(9.999, 30), reading(10, 21)]) == [None, None, 32.998]


@pytest.mark.parametrize("celsius_per_min", [0.0, 6.0, -1.5, 240.0])
def test_a_straight_line_has_its_slope(celsius_per_min: float) -> None:
    rates = _rates(reading(second, 20 + celsius_per_min * second / 60) for second in range(180))
    assert rates[:10] == [None] * 10
    assert rates[10:] == [pytest.approx(celsius_per_min, abs=0.0006)] * 170


def test_two_readings_a_minute_apart_give_their_difference() -> None:
    assert _rates([reading(0, 70), reading(60, 76)]) == [None, 6.0]


def test_a_sensor_that_reports_every_five_minutes_is_compared_with_its_reading_before() -> None:
    assert _rates([reading(0, 20), reading(300, 30), reading(600, 30), reading(900, 25)]) == [None, 2.0, 0.0, -1.0]


def test_only_the_last_minute_counts() -> None:
    warming_then_steady = [reading(second, min(20 + second, 80)) for second in range(200)]
    rates = _rates(warming_then_steady)
    assert rates[60] == 60.0
    assert rates[122:] == [0.0] * 78


def test_the_last_digit_of_a_sensor_is_not_taken_for_warming() -> None:
    rng = random.Random(7)
    rates = _rates(reading(second, round(60.05 + rng.gauss(0, 0.05), 1)) for second in range(600))
    assert max(abs(rate) for rate in rates[60:] if rate is not None) < 0.3
    assert max(abs(rate) for rate in rates[10:] if rate is not None) < 1.5


def test_a_pause_of_more_than_a_quarter_of_an_hour_begins_anew() -> None:
    assert _rates([reading(0, 20), reading(900, 35), reading(1800.001, 50)]) == [None, 1.0, None]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    assert _rates([reading(0, 20), reading(60, 26), reading(50, 27), reading(110, 30)]) == [None, 6.0, None, 3.0]


def test_a_clock_that_is_known_to_be_wrong_gives_no_rate_and_spoils_none() -> None:
    readings = [reading(0, 20), reading(30, 90, clock_unsynced=True), reading(60, 26), reading(120, 27)]
    assert _rates(readings) == [None, None, None, 1.0]


def test_two_readings_of_one_moment_are_both_counted() -> None:
    assert _rates([reading(0, 20), reading(60, 25), reading(60, 27)]) == [None, 5.0, 6.0]


def test_a_fast_sensor_keeps_few_points() -> None:
    points: Points = []
    rates = _rates((reading(number / 100, 20 + number / 6000) for number in range(12_000)), points)
    assert len(points) == 30
    assert rates[-1] == pytest.approx(1.0, abs=0.001)
