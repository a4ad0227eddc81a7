from itertools import islice, pairwise

import pytest

from firmware_sim.curves import Curve, celsius_series

SEEDS = range(40)


def values(curve: Curve, seed: int, count: int, interval_s: float = 1.0, sensor_id: str = "S1") -> list[float]:
    series = celsius_series(curve, seed=seed, device="press-1", sensor_id=sensor_id, interval_s=interval_s)
    return list(islice(series, count))


@pytest.mark.parametrize("interval_s", [1.0, 0.1])
def test_overheat_crosses_80_within_20_seconds(interval_s: float) -> None:
    for seed in SEEDS:
        first_20_s = values(Curve.OVERHEAT, seed, int(20 / interval_s), interval_s)
        assert first_20_s[0] < 70.0
        assert max(first_20_s) > 80.0, seed


def test_overheat_peaks_near_90_and_cools_below_75_again_and_again() -> None:
    for seed in SEEDS:
        episodes = values(Curve.OVERHEAT, seed, 400)
        for start in range(0, 400, 40):
            assert 88.0 <= max(episodes[start : start + 40]) <= 92.0, seed
            assert min(episodes[start + 34 : start + 40]) < 75.0, seed


def test_overheat_goes_above_80_once_an_episode() -> None:
    for seed in SEEDS:
        episodes = values(Curve.OVERHEAT, seed, 400)
        # 5 °C of hysteresis: noise at the limit is not another episode
        above = False
        risings = 0
        for celsius in episodes:
            if above and celsius < 75.0:
                above = False
            elif not above and celsius > 80.0:
                above = True
                risings += 1
        assert risings == 10, seed


def test_steady_stays_between_60_and_70() -> None:
    for seed in SEEDS:
        steady = values(Curve.STEADY, seed, 600)
        assert min(steady) > 60.0, seed
        assert max(steady) < 70.0, seed
        assert max(steady) - min(steady) > 2.0, seed


def test_hot_is_above_80_and_never_says_the_same_twice_in_20000_readings() -> None:
    hot = values(Curve.HOT, seed=7, count=20_000, interval_s=0.02)
    assert len(set(hot)) == 20_000
    assert min(hot) == 81.0
    assert max(hot) == 100.999


def test_hot_never_jumps() -> None:
    hot = values(Curve.HOT, seed=7, count=40_001)
    assert max(abs(after - before) for before, after in pairwise(hot)) < 0.0021


@pytest.mark.parametrize("curve", list(Curve))
def test_same_seed_gives_the_same_values(curve: Curve) -> None:
    assert values(curve, 3, 50) == values(curve, 3, 50)


@pytest.mark.parametrize("curve", list(Curve))
def test_other_seeds_and_other_sensors_give_other_values(curve: Curve) -> None:
    first = values(curve, 3, 50)
    assert first != values(curve, 4, 50)
    assert first != values(curve, 3, 50, sensor_id="S2")


def test_heat_up_begins_at_the_air_and_settles_at_66() -> None:
    for seed in SEEDS:
        warming = values(Curve.HEAT_UP, seed, 120)
        assert 27.5 < warming[0] < 28.5, seed
        assert 65.0 < warming[60] < 67.0, seed
        assert max(warming) < 67.0, seed


def test_cooling_goes_below_75_within_15_s_and_ends_at_the_air() -> None:
    for seed in SEEDS:
        cooling = values(Curve.COOLING, seed, 120)
        assert 94.5 < cooling[0] < 95.5, seed
        assert cooling[15] < 75.0, seed
        assert 27.5 < cooling[-1] < 28.5, seed


def test_a_runaway_is_quiet_at_first_then_crosses_80_and_does_not_come_back() -> None:
    for seed in SEEDS:
        runaway = values(Curve.RUNAWAY, seed, 120)
        assert max(runaway[:10]) < 70.0, seed
        assert min(runaway[60:]) > 120.0, seed
