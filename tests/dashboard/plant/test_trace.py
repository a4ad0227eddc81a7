import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.plant.trace import HOUR_MS, Trace, trend
from tests.dashboard.plant.examples import NOON_MS


def filled(*points: tuple[float, float]) -> Trace:
    trace = Trace()
    for second, celsius in points:
        trace.add(NOON_MS + round(second * 1000), celsius)
    return trace


def test_one_reading_a_second_is_kept_whole() -> None:
    trace = filled(*((second, 20 + second) for second in range(10)))
    assert trace.points(0) == ([NOON_MS + 1000 * each for each in range(10)], [20.0 + each for each in range(10)])


def test_of_more_the_coldest_and_the_hottest_of_two_seconds_are_kept() -> None:
    trace = filled((0, 21), (0.4, 99), (0.8, 22), (1.2, -5), (1.6, 23))
    assert trace.points(0) == ([NOON_MS + 400, NOON_MS + 1200], [99.0, -5.0])


def test_of_equal_ones_the_first_and_the_last_are_kept() -> None:
    trace = filled((0, 21), (0.5, 21), (1, 21), (1.5, 21))
    assert trace.points(0)[0] == [NOON_MS, NOON_MS + 1500]


def test_what_comes_late_is_put_in_its_place() -> None:
    trace = filled((10, 30), (20, 31), (4, 29))
    assert trace.points(0)[1] == [29.0, 30.0, 31.0]


def test_what_is_read_again_is_there_once() -> None:
    assert filled((1, 30), (1, 30)).points(0)[1] == [30.0]


def test_after_an_hour_it_is_gone() -> None:
    trace = filled((0, 50), (3600 + 90, 20))
    assert trace.points(0)[1] == [20.0]
    trace.add(NOON_MS, 50)
    assert trace.points(0)[1] == [20.0]


def test_points_begin_where_they_are_asked_for() -> None:
    assert filled((0, 20), (10, 21)).points(NOON_MS + 1) == ([NOON_MS + 10_000], [21.0])


readings = st.tuples(st.integers(0, 2 * HOUR_MS), st.floats(-273.15, 10_000))


@given(st.lists(readings, max_size=300))
def test_it_is_in_order_bounded_and_loses_no_extreme_of_what_it_covers(given_readings: list[tuple[int, float]]) -> None:
    trace = Trace()
    for at_ms, celsius in given_readings:
        trace.add(NOON_MS + at_ms, celsius)
    times, values = trace.points(0)
    assert times == sorted(times)
    assert set(zip(times, values, strict=True)) <= {(NOON_MS + at, celsius) for at, celsius in given_readings}
    pairs = [at_ms // 2000 for at_ms in times]
    assert all(pairs.count(pair) <= 2 for pair in pairs)
    for at_ms, celsius in given_readings:
        if NOON_MS + at_ms >= max(times) - HOUR_MS and at_ms >= max(at for at, _ in given_readings) - HOUR_MS:
            pair = [
                value for time, value in zip(times, values, strict=True) if time // 2000 == (NOON_MS + at_ms) // 2000
            ]
            assert min(pair) <= celsius <= max(pair)


def rate(*points: tuple[float, float]) -> float | None:
    return filled(*points).rate(NOON_MS + round(points[-1][0] * 1000))


def test_the_rate_is_the_slope_of_the_last_minute() -> None:
    assert rate(*((second, 20 + second / 10) for second in range(120))) == pytest.approx(6.0)
    assert rate(*((second, 20 - second / 60) for second in range(60))) == pytest.approx(-1.0)
    assert rate(*((second, 50) for second in range(60))) == 0.0


def test_the_rate_of_a_moment_is_not_told() -> None:
    assert Trace().rate(NOON_MS) is None
    assert rate((0, 20)) is None
    assert rate((0, 20), (9.9, 21)) is None
    assert rate((0, 20), (10, 21)) == pytest.approx(6.0)


def test_the_rate_of_before_a_clock_was_set_back_is_not_that_of_now() -> None:
    assert rate((0, 20), (60, 30), (59, 10)) is None


@pytest.mark.parametrize(
    ("rate", "word"),
    [(None, None), (0.0, "steady"), (0.5, "steady"), (0.51, "rising"), (-0.5, "steady"), (-2.0, "falling")],
)
def test_rates_in_words(rate: float | None, word: str | None) -> None:
    assert trend(rate) == word
