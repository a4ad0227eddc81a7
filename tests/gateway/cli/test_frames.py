import pytest

from gateway.cli.frames import Frame, Frames, shown
from gateway.decode import Device


def fed(device: Device, *chunks: bytes) -> list[Frame]:
    frames = Frames(device, "ttyUSB0")
    return [frame for chunk in chunks for frame in frames.feed(chunk)]


def plain(frame: Frame) -> tuple[str, list[tuple[str, float]], list[str], bool]:
    return (
        frame.text,
        [(one.sensor_id, one.celsius) for one in frame.found],
        [one.reason for one in frame.refused],
        frame.cut,
    )


def test_each_line_stands_beside_what_became_of_it() -> None:
    assert [plain(frame) for frame in fed(Device(), b"3.5\r\nS1 70.25\r\nHum", b"idity 45\r", b"\nS2 71\n")] == [
        ("3.5", [], [], True),
        ("S1 70.25", [("S1", 70.25)], [], False),
        ("Humidity 45", [], ["no_temperature"], False),
        ("S2 71", [("S2", 71.0)], [], False),
    ]


def test_a_terminator_of_the_devices_own_ends_a_frame() -> None:
    frames = fed(Device(terminator="<", sensor_id="S1"), b"0<23.5<", b"24", b".5<")
    assert [plain(frame) for frame in frames] == [
        ("0", [], [], True),
        ("23.5", [("S1", 23.5)], [], False),
        ("24.5", [("S1", 24.5)], [], False),
    ]


def test_binary_frames_are_shown_as_they_arrive() -> None:
    device = Device.model_validate(
        {"decoder": "modbus_rtu", "start": 1, "fields": [{"id": "S1", "reg": 1, "scale": 0.1}]}
    )
    (frame,) = fed(device, bytes.fromhex("010400010001600a0104020132386f"))
    assert not frame.cut
    assert frame.raw.startswith(b"\x01\x04")


@pytest.mark.parametrize("size", [100_000])
def test_a_line_without_an_end_is_bounded(size: int) -> None:
    frames = fed(Device(), b"\n", b"x" * size, b"\n")
    assert len(frames[-1].raw) <= 4096
    assert [one.reason for one in frames[-1].refused] == ["overlong"]


def test_what_cannot_be_printed_is_escaped() -> None:
    assert shown(b"T=70.2\xc2\xb0C\x00\x1b[0m\xff") == "T=70.2°C\\x00\\x1b[0m\\xff"
