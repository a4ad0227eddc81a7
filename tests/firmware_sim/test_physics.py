import itertools
from collections.abc import Iterator

import pytest

from firmware_sim.physics import Load, Machine, Warmth, sampled

MACHINE = Machine(ambient_celsius=28.0, kelvin_per_watt=0.05, time_constant_s=10.0, sensor_lag_s=1.0)


def test_solution_is_that_of_the_differential_equations() -> None:
    warmth = MACHINE.after(Warmth(66.0, 66.0), Load(1440.0, 10.0))
    # from a numerical integration of both equations in steps of a microsecond
    assert warmth.body_celsius == pytest.approx(87.492100, abs=1e-5)
    assert warmth.sensor_celsius == pytest.approx(86.102504, abs=1e-5)


def test_solution_does_not_depend_on_the_steps_it_is_made_in() -> None:
    at_once = MACHINE.after(Warmth(66.0, 61.0), Load(1440.0, 9.0))
    in_steps = Warmth(66.0, 61.0)
    for duration_s in (0.1, 4.9, 4.0):
        in_steps = MACHINE.after(in_steps, Load(1440.0, duration_s))
    assert in_steps.body_celsius == pytest.approx(at_once.body_celsius)
    assert in_steps.sensor_celsius == pytest.approx(at_once.sensor_celsius)


def test_body_and_sensor_settle_where_heating_and_cooling_are_equal() -> None:
    warmth = MACHINE.after(Warmth(20.0, 20.0), Load(1000.0, 1000.0))
    assert [warmth.body_celsius, warmth.sensor_celsius] == pytest.approx([78.0, 78.0])


def test_sensor_shows_a_rise_later_than_the_body() -> None:
    warmth = MACHINE.after(Warmth(66.0, 66.0), Load(1440.0, 2.0))
    assert 66.0 < warmth.sensor_celsius < warmth.body_celsius


def test_sampling_faster_sees_the_same_machine() -> None:
    def loads() -> Iterator[Load]:
        return itertools.cycle([Load(1440.0, 3.0), Load(560.0, 4.25)])

    start = Warmth(66.0, 66.0)
    each_second = list(itertools.islice(sampled(MACHINE, start, loads(), 1.0), 30))
    each_tenth = list(itertools.islice(sampled(MACHINE, start, loads(), 0.1), 300))
    assert each_second[0] == 66.0
    assert each_tenth[::10] == pytest.approx(each_second)


def test_sampling_slower_than_the_load_changes_skips_no_load() -> None:
    flickering = itertools.cycle([Load(1440.0, 0.01), Load(560.0, 0.01)])
    assert list(itertools.islice(sampled(MACHINE, Warmth(28.0, 28.0), flickering, 100.0), 3)) == pytest.approx(
        [28.0, 78.0, 78.0], abs=0.1
    )
