from dashboard.plant.crowd import Crowd
from tests.dashboard.plant.examples import at, reading


def speak(crowd: Crowd, sensor_id: str, second: float) -> bool:
    """Let a sensor say something; False: it was not let in."""
    tile = crowd.get(sensor_id) or crowd.admit(sensor_id, at(second))[0]
    if tile is None:
        return False
    tile.take(reading(second, sensor_id=sensor_id), at(second), live=True)
    crowd.heard(sensor_id)
    return True


def ids(crowd: Crowd) -> set[str]:
    return {tile.sensor_id for tile in crowd}


def test_there_are_so_many_places() -> None:
    crowd = Crowd(2, ())
    assert [speak(crowd, name, 0) for name in ("S1", "S2", "S3")] == [True, True, False]


def test_a_named_machine_always_has_its_place() -> None:
    crowd = Crowd(1, {"S9"})
    assert speak(crowd, "S1", 0)
    assert speak(crowd, "S9", 0)
    assert ids(crowd) == {"S1", "S9"}


def test_a_newcomer_gets_the_place_of_a_stranger_after_a_minute_and_of_others_after_an_hour() -> None:
    crowd = Crowd(2, ())
    for second in range(10):
        speak(crowd, "machine", second)
    speak(crowd, "stranger", 10)
    assert not speak(crowd, "S3", 69)
    assert speak(crowd, "S3", 72)
    assert ids(crowd) == {"machine", "S3"}
    for second in range(100, 110):
        speak(crowd, "S3", second)
    assert not speak(crowd, "S4", 3000)
    assert speak(crowd, "S4", 3700)
    assert ids(crowd) == {"S3", "S4"}


def test_a_flood_of_made_up_ids_pushes_out_no_machine() -> None:
    crowd = Crowd(100, ())
    machines = {f"S{number}" for number in range(50)}
    for second in range(600):
        for name in machines:
            speak(crowd, name, second)
        for number in range(20):
            speak(crowd, f"flood-{second}-{number}", second)
    assert len(crowd) == 100
    assert machines <= ids(crowd)


def test_whoever_says_nothing_for_a_day_is_forgotten_but_for_named_ones() -> None:
    crowd = Crowd(10, {"named"})
    for name in ("S1", "S2", "named"):
        speak(crowd, name, 0)
    speak(crowd, "S2", 3600)
    assert [tile.sensor_id for tile in crowd.forget_silent(at(24 * 3600 + 1))] == ["S1"]
    assert ids(crowd) == {"S2", "named"}
