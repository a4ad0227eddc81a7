from collections.abc import Iterator
from itertools import islice
from typing import Any

from firmware_sim.device import TcpDevice
from firmware_sim.frame import Frame
from firmware_sim.script import script


def device(**keys: Any) -> TcpDevice:
    return TcpDevice.model_validate({"transport": "tcp", "name": "sim-S1", "sensors": ["S1"]} | keys)


def frames(subject: TcpDevice, seed: int = 1) -> Iterator[Frame]:
    return (item for item in script(subject, seed) if isinstance(item, Frame))


def only_celsius(frame: Frame) -> float:
    (reading,) = frame.readings
    return reading.celsius


def test_seed_1_says_this() -> None:
    assert [frame.data for frame in islice(frames(device()), 6)] == [
        b"S1 65.27\r\n",
        b"S1 65.70\r\n",
        b"S1 66.01\r\n",
        b"S1 66.63\r\n",
        b"S1 67.23\r\n",
        b"S1 67.83\r\n",
    ]


def test_count_ends_the_script() -> None:
    assert [frame.seq for frame in frames(device(count=3))] == [1, 2, 3]


def test_sensors_take_turns_evenly() -> None:
    four = device(sensors=["S1", "S2", "S3", "S4"], rate=2.0, count=6)
    assert [(frame.seq, frame.readings[0].sensor_id, frame.due_s) for frame in frames(four)] == [
        (1, "S1", 0.0),
        (2, "S2", 0.125),
        (3, "S3", 0.25),
        (4, "S4", 0.375),
        (5, "S1", 0.5),
        (6, "S2", 0.625),
    ]


def test_sensors_of_one_frame_are_read_together() -> None:
    both = device(format="mlx90614", sensors=["Ambient", "Object"], rate=2.0, count=4)
    assert [(frame.due_s, [reading.sensor_id for reading in frame.readings]) for frame in frames(both)] == [
        (0.0, ["Ambient", "Object"]),
        (0.5, ["Ambient", "Object"]),
    ]


def test_only_the_named_sensor_overheats() -> None:
    minute = list(frames(device(sensors=["S1", "S2"], overheats=["S2"], count=120)))
    assert max(only_celsius(frame) for frame in minute if frame.readings[0].sensor_id == "S1") < 70.0
    assert max(only_celsius(frame) for frame in minute if frame.readings[0].sensor_id == "S2") > 88.0


def test_celsius_is_what_the_text_says() -> None:
    for frame in frames(device(format="short", count=50), seed=5):
        assert frame.data == f"T={only_celsius(frame)}C\r\n".encode()


def test_banner_is_a_comment_line_unless_the_family_has_its_own() -> None:
    assert device(name="press-1").banner_bytes == b"# suhu-firmware press-1 ready\r\n"
    assert device(format="max6675").banner_bytes == b"MAX6675 test\r\n"


def test_hot_curve_prints_distinct_lines() -> None:
    lines = [frame.data for frame in frames(device(curve="hot", rate=50, count=10_000))]
    assert lines[:2] == [b"S1 90.011\r\n", b"S1 90.009\r\n"]
    assert len(set(lines)) == 10_000
