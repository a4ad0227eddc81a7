import pytest

from dashboard.machines import Machine
from dashboard.plant.tile import Tile
from tests.dashboard.plant.examples import NOON_MS, at, reading

OVEN = Machine("Oven 3", 70.0, 80.0)


def tile(*readings: tuple[float, float]) -> Tile:
    made = Tile("S1")
    for second, celsius in readings:
        made.take(reading(second, celsius), at(second), live=True)
    return made


def test_what_a_page_gets() -> None:
    made = tile((0, 60.0), (20, 62.0))
    assert made.shown(OVEN, at(20.5)) == {
        "id": "S1",
        "name": "Oven 3",
        "celsius": 62.0,
        "at_ms": NOON_MS + 20_000,
        "seen_ms": NOON_MS + 20_000,
        "source": "serial",
        "level": "normal",
        "stale": False,
        "simulated": False,
        "unsynced": False,
        "replayed": False,
        "rate": 6.0,
        "trend": "rising",
        "min": 60.0,
        "max": 62.0,
        "limit": 80.0,
        "warn": 70.0,
    }


def test_a_sensor_without_a_machine_has_its_id_and_the_common_limits() -> None:
    shown = tile((0, 60.0)).shown(None, at(0))
    assert shown is not None
    assert (shown["name"], shown["warn"], shown["limit"]) == ("S1", 70.0, 80.0)


@pytest.mark.parametrize(
    ("celsius", "level"),
    [(70.0, "normal"), (70.01, "warning"), (80.0, "warning"), (80.0000001, "critical"), (10_000.0, "critical")],
)
def test_limits_are_exceeded_strictly(celsius: float, level: str) -> None:
    shown = tile((0, celsius)).shown(OVEN, at(0))
    assert shown is not None
    assert shown["level"] == level


def test_a_clock_that_was_set_back_does_not_stop_the_tile() -> None:
    made = tile((3600, 50.0))
    made.take(reading(0, 51.0), at(3601), live=True)
    shown = made.shown(None, at(3601))
    assert shown is not None
    assert shown["celsius"] == 51.0


def test_what_was_in_kafka_before_never_replaces_what_came_now() -> None:
    made = tile((100, 50.0))
    made.take(reading(99, 90.0), at(101), live=False)
    made.take(reading(101, 91.0), at(101), live=False)
    shown = made.shown(None, at(101))
    assert shown is not None
    assert (shown["celsius"], shown["max"]) == (50.0, 91.0)


def test_what_was_in_kafka_before_is_as_old_as_it_says() -> None:
    made = Tile("S1")
    made.take(reading(0, 50.0), at(600), live=False)
    assert made.silent_s(at(600)) == 600.0
    shown = made.shown(None, at(600))
    assert shown is not None
    assert shown["seen_ms"] == NOON_MS


def test_a_reading_that_waited_at_the_gateway_is_no_sign_of_life() -> None:
    made = Tile("S1")
    made.take(reading(0, 50.0, replayed=True), at(600), live=True)
    assert made.silent_s(at(600)) == 600.0


def test_a_clock_that_is_late_is_no_silence() -> None:
    made = Tile("S1")
    made.take(reading(0, 50.0), at(600), live=True)
    assert made.silent_s(at(600)) == 0.0


def test_a_clock_that_is_known_to_be_wrong_tells_no_rate_and_its_readings_count_when_they_come() -> None:
    made = Tile("S1")
    for second in range(30):
        made.take(reading(-1_000_000, 50.0 + second, unsynced=True), at(second), live=True)
    shown = made.shown(None, at(30))
    assert shown is not None
    assert (shown["unsynced"], shown["rate"], shown["min"], shown["max"]) == (True, None, 50.0, 79.0)
    assert made.points(at(30))[0][0] == NOON_MS


def test_a_tile_without_a_reading_is_not_shown() -> None:
    assert Tile("S1").shown(None, at(0)) is None
