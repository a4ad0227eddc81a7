import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suhu_jobs.pipeline.tally import Tally, add, add_exactly, begin, mean, revision

CELSIUS = st.floats(-273.15, 10_000)


def _tally(*points: tuple[int, float], threshold_celsius: float = 80.0) -> Tally:
    tally = begin(60_000)
    for at_ms, celsius in points:
        add(tally, celsius, at_ms, "serial", is_above=celsius > threshold_celsius)
    return tally


def test_a_tally_says_what_was_reported() -> None:
    assert _tally((60_500, 79.5), (61_000, 80.0), (62_000, 80.5), (63_000, 70.0)) == {
        "start_ms": 60_000,
        "count": 4,
        "min": 70.0,
        "max": 80.5,
        "last": 70.0,
        "sum": [310.0],
        "above": 1,
        "first_ms": 60_500,
        "last_ms": 63_000,
        "source": "serial",
        "told": 0,
    }


def test_last_is_the_latest_by_its_own_time_and_of_two_at_once_the_one_that_came_later() -> None:
    tally = _tally((62_000, 71.0), (61_000, 72.0), (60_000, 73.0))
    assert (tally["last"], tally["first_ms"], tally["last_ms"]) == (71.0, 60_000, 62_000)
    assert _tally((62_000, 71.0), (62_000, 72.0))["last"] == 72.0


def test_the_source_is_that_of_the_last_reading() -> None:
    tally = begin(0)
    add(tally, 70.0, 2, "serial", is_above=False)
    add(tally, 70.0, 1, "simulator", is_above=False)
    assert tally["source"] == "serial"


@pytest.mark.parametrize(
    ("celsius", "expected"),
    [
        ([0.1] * 3, 0.1),  # 0.1 * 3 / 3 is 0.09999999999999999
        ([200.0, 3 * 2.0**-60, -200.0], 2.0**-60),  # added plainly, 0.0
        ([83.4], 83.4),
    ],
)
def test_the_mean_is_exact_and_within_what_was_measured(celsius: list[float], expected: float) -> None:
    assert mean(_tally(*((number, value) for number, value in enumerate(celsius)))) == expected


@given(st.lists(CELSIUS, min_size=1, max_size=200))
def test_the_sum_loses_nothing_whatever_is_added_and_survives_json(celsius: list[float]) -> None:
    parts: list[float] = []
    for value in celsius:
        parts = json.loads(json.dumps(parts))
        add_exactly(parts, value)
    assert math.fsum(parts) == math.fsum(celsius)


def test_the_sum_of_a_minute_of_readings_takes_two_numbers_at_most() -> None:
    parts: list[float] = []
    for second in range(60):
        add_exactly(parts, 70 + second / 10)
        assert len(parts) <= 2


def test_the_revision_grows_with_each_reading_and_by_being_final() -> None:
    one, two = _tally((60_000, 70.0)), _tally((60_000, 70.0), (61_000, 70.0))
    numbers = [revision(one, final=False), revision(one, final=True), revision(two, final=False)]
    assert numbers == [2, 3, 4]
