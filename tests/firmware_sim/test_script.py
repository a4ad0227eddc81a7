from itertools import islice
from typing import Any

from firmware_sim.scenario import TcpDevice
from firmware_sim.script import Emission, banner, emissions


def device(**keys: Any) -> TcpDevice:
    return TcpDevice.model_validate({"transport": "tcp", "name": "sim-S1", "sensors": ["S1"]} | keys)


def test_seed_1_says_this() -> None:
    assert [emission.text for emission in islice(emissions(device(), seed=1), 6)] == [
        "S1 65.27",
        "S1 65.70",
        "S1 66.01",
        "S1 66.63",
        "S1 67.23",
        "S1 67.83",
    ]


def test_count_ends_the_script() -> None:
    assert [emission.seq for emission in emissions(device(count=3), seed=1)] == [1, 2, 3]


def test_sensors_take_turns_evenly() -> None:
    three = device(sensors=["S1", "S2", "S3", "S4"], rate=2.0, count=6)
    assert [(emission.seq, emission.sensor_id, emission.due_s) for emission in emissions(three, seed=1)] == [
        (1, "S1", 0.0),
        (2, "S2", 0.125),
        (3, "S3", 0.25),
        (4, "S4", 0.375),
        (5, "S1", 0.5),
        (6, "S2", 0.625),
    ]


def test_only_the_named_sensor_overheats() -> None:
    minute = list(emissions(device(sensors=["S1", "S2"], overheats=["S2"], count=120), seed=1))
    assert max(emission.celsius for emission in minute if emission.sensor_id == "S1") < 70.0
    assert max(emission.celsius for emission in minute if emission.sensor_id == "S2") > 88.0


def test_celsius_is_what_the_text_says() -> None:
    for emission in emissions(device(format="short", count=50), seed=5):
        assert emission.text == f"T={emission.celsius}C"


def test_line_ends_as_arduino_ends_it() -> None:
    emission = Emission("sim-S1", 1, "S1", 70.0, "sensor_id: S1, suhu: 70°C", 0.0)
    assert emission.line == b"sensor_id: S1, suhu: 70\xc2\xb0C\r\n"


def test_banner_is_a_comment_line() -> None:
    assert banner(device(name="press-1")) == b"# suhu-firmware press-1 ready\r\n"


def test_hot_curve_prints_distinct_lines() -> None:
    texts = [emission.text for emission in emissions(device(curve="hot", rate=50, count=10_000), seed=1)]
    assert texts[:2] == ["S1 90.011", "S1 90.009"]
    assert len(set(texts)) == 10_000
