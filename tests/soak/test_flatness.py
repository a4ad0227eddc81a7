"""What stays flat is flat, also with spikes and outages; what leaks is found."""

from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from tests.soak.flatness import Sample, condensed, slope, trends

HOUR_S = 3_600
LIMIT = {"pss_mb": 4.0}


def life(megabytes: Callable[[float], float], seconds: int = HOUR_S, number: int = 1, begin_s: int = 0) -> list[Sample]:
    return [Sample(begin_s + age_s, number, age_s, {"pss_mb": megabytes(age_s)}) for age_s in range(0, seconds, 5)]


def _level(megabytes: float, _age_s: float) -> float:
    return megabytes


def noisy(megabytes: Callable[[float], float]) -> Callable[[float], float]:
    chance = Random(1)
    return lambda age_s: megabytes(age_s) + chance.gauss(0, 0.3)


def test_a_figure_that_stays_is_flat() -> None:
    (found,) = trends(life(noisy(lambda _: 40.0)), LIMIT)
    assert found.flat
    assert abs(found.grown) < 0.5
    assert (round(found.start), round(found.end)) == (40, 40)


def test_what_a_start_takes_is_no_leak() -> None:
    (found,) = trends(life(lambda age_s: 30.0 + min(age_s, 60) / 6), LIMIT)
    assert found.flat
    assert found.start == found.end == 40.0


def test_what_the_first_outage_takes_and_keeps_is_no_leak() -> None:
    (found,) = trends(life(lambda age_s: 55.0 if age_s < 900 else 60.0), LIMIT)
    assert found.flat
    assert (found.start, found.end) == (60.0, 60.0)


def test_a_backlog_that_comes_and_goes_is_no_leak() -> None:
    (found,) = trends(life(lambda age_s: 60.0 if 1_800 <= age_s < 2_100 else 40.0), LIMIT)
    assert found.flat
    assert found.grown == 0.0


@pytest.mark.parametrize("megabytes_per_hour", [7.0, 40.0])
def test_a_leak_within_a_life_is_found(megabytes_per_hour: float) -> None:
    (found,) = trends(life(noisy(lambda age_s: 40.0 + megabytes_per_hour * age_s / HOUR_S)), LIMIT)
    assert not found.flat
    assert found.over == "life 1"
    assert found.grown == pytest.approx(megabytes_per_hour * 2_400 / HOUR_S, rel=0.05)


def test_a_leak_of_descriptors_in_steps_is_found() -> None:
    samples = [Sample(age_s, 1, age_s, {"descriptors": 40 + age_s // 600}) for age_s in range(0, HOUR_S, 5)]
    (found,) = trends(samples, {"descriptors": 3.0})
    assert not found.flat


def test_what_lives_hand_on_to_each_other_is_found() -> None:
    lives = [life(partial(_level, 40.0 + number), 30, number, 180 * number) for number in range(8)]
    (found,) = trends([one for each in lives for one in each], LIMIT)
    assert (found.over, found.points, found.flat) == ("lives", 8, False)
    assert found.grown == 7.0


def test_short_lives_are_not_judged() -> None:
    assert trends(life(lambda age_s: 40.0 + age_s, 300), LIMIT) == []


def test_a_spike_does_not_decide_a_slope() -> None:
    assert slope([(0, 1.0), (1, 1.0), (2, 99.0), (3, 1.0), (4, 1.0)]) == 0.0
    assert slope([(0, 1.0), (1, 3.0), (2, 5.0)]) == 2.0
    assert slope([(0, 1.0)]) == 0.0


def test_points_are_condensed_to_medians_of_neighbours() -> None:
    assert condensed([(0, 1.0), (1, 2.0), (2, 90.0), (3, 4.0), (4, 5.0)], 2) == [(1, 2.0), (3.5, 4.5)]
