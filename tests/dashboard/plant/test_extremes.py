from dashboard.plant.extremes import Extremes
from tests.dashboard.plant.examples import NOON_MS

MINUTE_MS = 60_000


def test_the_lowest_and_the_highest() -> None:
    extremes = Extremes()
    for second, celsius in ((0, 50.0), (1, 20.0), (200, 90.5), (300, 60.0)):
        extremes.add(NOON_MS + second * 1000, celsius, NOON_MS + 300_000)
    assert extremes.within(NOON_MS + 300_000) == (20.0, 90.5)


def test_they_leave_after_an_hour_also_when_nothing_more_comes() -> None:
    extremes = Extremes()
    extremes.add(NOON_MS, 95.0, NOON_MS)
    extremes.add(NOON_MS + 30 * MINUTE_MS, 40.0, NOON_MS + 30 * MINUTE_MS)
    assert extremes.within(NOON_MS + 60 * MINUTE_MS) == (40.0, 95.0)
    assert extremes.within(NOON_MS + 61 * MINUTE_MS) == (40.0, 40.0)
    assert extremes.within(NOON_MS + 91 * MINUTE_MS) is None


def test_what_is_older_than_an_hour_does_not_count() -> None:
    extremes = Extremes()
    extremes.add(NOON_MS - 61 * MINUTE_MS, 99.0, NOON_MS)
    assert extremes.within(NOON_MS) is None


def test_a_sensor_that_jumps_about_in_time_takes_no_room() -> None:
    extremes = Extremes()
    for minute in range(10_000):
        extremes.add(NOON_MS + minute * MINUTE_MS, 20.0, NOON_MS + minute * MINUTE_MS)
    assert len(extremes._minutes) == 61
