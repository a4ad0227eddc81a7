from examples.hot_readings import hot_line

READING = b'{"sensor_id":"S1","suhu":%s,"measured_at":"2026-11-22T03:04:05.678Z","source":"csv","event_id":"a/k3v9/1"}'


def test_a_hot_reading_is_told_in_celsius_and_fahrenheit() -> None:
    assert hot_line(READING % b"85.5", 80.0) == "2026-11-22T03:04:05.678Z S1 85.5 °C = 185.9 °F"


def test_the_threshold_itself_is_not_hot() -> None:
    assert hot_line(READING % b"80.0", 80.0) is None
