import asyncio
import os
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from firmware_sim.device import PtyDevice
from firmware_sim.errors import LinkUnavailable
from firmware_sim.pty_link import PtyLink
from firmware_sim.truth import TruthLog
from tests.firmware_sim.child import Child, read_lines, read_until_unplugged, wait_until

BANNER = "# suhu-firmware sim-S1 ready"
Start = Callable[..., Child]


@contextmanager
def opened(link: Path | str, baud: int = 115_200) -> Iterator[serial.Serial]:
    with serial.Serial(str(link), baud, timeout=5, exclusive=True) as port:
        yield port


def read_on(port: serial.Serial) -> None:
    while port.read(1):
        pass


def test_a_client_gets_the_banner_then_every_reading_from_the_first(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50")
    assert child.ready() == str(link)
    with opened(link) as port:
        assert read_lines(port, 4) == [BANNER, "S1 65.27", "S1 65.39", "S1 65.08"]
    child.stop()


def test_truth_is_what_the_reader_received(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "500", "--format", "labelled", "--sensors", "S1,S2", "--count", "300")
    child.ready()
    with opened(link) as port:
        received = read_lines(port, 301)
    code, out, err = child.ends()
    assert (code, out, err) == (0, "emitted S1=150 S2=150 dropped=0\n", "")
    assert received[1:] == child.emitted()
    assert [fact["seq"] for fact in child.truth()] == list(range(1, 301))
    instants = [fact["emitted_at_ns"] for fact in child.truth()]
    assert instants == sorted(instants)


def test_nothing_is_emitted_before_a_client_opens_the_port(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "100")
    child.ready()
    opened_at_ns = time.time_ns()
    with opened(link) as port:
        read_lines(port, 2)
    wait_until(lambda: bool(child.truth()), "the truth of the reading, noted after its write")
    assert child.truth()[0]["seq"] == 1
    assert child.truth()[0]["emitted_at_ns"] > opened_at_ns


def test_a_device_boots_again_for_the_next_client_and_goes_on_with_its_sequence(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50")
    child.ready()
    with opened(link) as port:
        read_lines(port, 5)
    with opened(link) as port:
        second_life = read_lines(port, 5)
    child.stop()
    assert second_life[0] == BANNER
    emitted = child.emitted()
    start_of_second = emitted.index(second_life[1])
    assert start_of_second >= 4
    assert emitted[start_of_second : start_of_second + 4] == second_life[1:]
    assert [fact["seq"] for fact in child.truth()] == list(range(1, len(emitted) + 1))
    assert all("dropped" not in fact for fact in child.truth())


def test_a_device_that_runs_on_notes_the_unheard_readings_as_dropped(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "100", "--on-close", "run")
    child.ready()
    with opened(link) as port:
        read_lines(port, 3)
    wait_until(lambda: any("dropped" in fact for fact in child.truth()), "a reading was dropped")
    with opened(link) as port:
        again = read_lines(port, 2)
    child.stop()
    assert again[0] == BANNER
    assert again[1] in child.emitted()
    facts = child.truth()
    assert [fact["seq"] for fact in facts] == list(range(1, len(facts) + 1))


def test_a_flush_by_the_client_starts_the_boot_time_again(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50", "--boot-s", "0.6")
    child.ready()
    client = os.open(link, os.O_RDWR | os.O_NOCTTY)
    try:
        enough_s = time.monotonic() + 1.0
        while time.monotonic() < enough_s:  # longer than the boot time: flushing without end
            termios.tcflush(client, termios.TCIFLUSH)
            time.sleep(0.01)
        assert child.truth() == []
        data = b""
        while data.count(b"\n") < 2:
            data += os.read(client, 4096)
    finally:
        os.close(client)
    assert data.startswith(b"# suhu-firmware sim-S1 ready\r\nS1 65.27\r\n")


def test_a_running_device_takes_a_flush_as_a_new_opening(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50", "--curve", "hot")
    child.ready()
    with opened(link) as port:
        first = read_lines(port, 3)
        port.reset_input_buffer()
        second = read_lines(port, 3)
    child.stop()
    assert first[0] == second[0] == BANNER
    emitted = child.emitted()
    again = emitted.index(second[1])
    assert emitted[again : again + 2] == second[1:]


def test_without_a_banner_the_first_line_is_a_reading(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50", "--no-banner")
    child.ready()
    with opened(link) as port:
        assert read_lines(port, 1) == ["S1 65.27"]


def test_what_one_client_left_unread_is_not_the_next_ones(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "200")
    child.ready()
    client = os.open(link, os.O_RDWR | os.O_NOCTTY)
    wait_until(lambda: len(child.truth()) > 5, "some readings are waiting unread")
    os.close(client)
    before = len(child.truth())
    client = os.open(link, os.O_RDWR | os.O_NOCTTY)  # without the flush of pyserial
    try:
        wait_until(lambda: len(child.truth()) > before + 1, "the device has booted again")
        assert os.read(client, 4096).startswith(b"# suhu-firmware sim-S1 ready\r\n")
    finally:
        os.close(client)


def test_a_reader_that_sleeps_overruns_without_torn_lines(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "10000", "--curve", "hot")
    child.ready()
    with opened(link) as port:
        wait_until(lambda: b"dropped" in child.raw_truth()[-500:], "a reading was dropped")
        child.process.terminate()
        received = read_until_unplugged(port)
    code, out, err = child.ends()
    emitted = child.emitted()
    assert received == [BANNER, *emitted]
    assert (code, err) == (0, "")
    assert out == f"emitted S1={len(emitted)} dropped={len(child.truth()) - len(emitted)}\n"


def test_the_end_waits_until_the_client_has_read_everything(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "1000", "--count", "100")
    child.ready()
    with opened(link) as port:
        wait_until(lambda: child.raw_truth().count(b"\n") == 100, "all readings are written")
        assert read_until_unplugged(port) == [BANNER, *child.emitted()]


def test_unplugging_is_seen_by_the_client_and_takes_the_link_away(start: Start, link: Path) -> None:
    child = start("--pty", str(link), "--rate", "50")
    child.ready()
    with opened(link) as port:
        read_lines(port, 2)
        child.process.terminate()
        with pytest.raises(serial.SerialException):
            read_on(port)
    assert child.ends()[0] == 0
    assert not link.is_symlink()


def test_link_name_is_the_same_after_a_restart(start: Start, link: Path) -> None:
    for _ in range(2):
        child = start("--pty", str(link), "--rate", "50")
        child.ready()
        assert link.readlink().parent == Path("/dev/pts")
        with opened(link) as port:
            assert read_lines(port, 2) == [BANNER, "S1 65.27"]
        assert child.stop()[0] == 0


def test_a_link_left_behind_by_a_killed_simulator_is_used_again(start: Start, link: Path) -> None:
    first = start("--pty", str(link))
    first.ready()
    first.kill()
    assert link.is_symlink()
    start("--pty", str(link), "--rate", "50").ready()
    with opened(link) as port:
        assert read_lines(port, 2) == [BANNER, "S1 65.27"]


def test_directory_of_the_link_is_private(start: Start, link: Path) -> None:
    start("--pty", str(link)).ready()
    assert link.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("baud", [9600, 74_880, 115_200, 123_456, 3_000_000])
def test_the_speed_is_the_one_the_client_has_set(link: Path, baud: int) -> None:
    async def scene() -> int | None:
        device = PtyDevice(transport="pty", name="press-1", sensors=("S1",), link=link, pace="client")
        place = PtyLink(device, TruthLog(None), lambda _: None)
        async with asyncio.TaskGroup() as tasks, place.open(tasks):
            with opened(link, baud):
                return place.baud
        return None

    assert asyncio.run(scene()) == baud


def refusal(link: Path) -> str:
    async def scene() -> None:
        place = PtyLink(
            PtyDevice(transport="pty", name="press-1", sensors=("S1",), link=link), TruthLog(None), lambda _: None
        )
        with pytest.raises(LinkUnavailable) as raised:
            await place.open(asyncio.TaskGroup()).__aenter__()
        words.append(str(raised.value))

    words: list[str] = []
    asyncio.run(scene())
    return words[0]


def test_a_file_in_the_place_of_the_link_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    assert refusal(tmp_path / "notes") == (
        f"cannot put a device at {tmp_path}/notes: a file of that name is there; "
        "give another path to --pty (link in a scenario)"
    )
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_link_to_a_real_device_is_left_alone(tmp_path: Path) -> None:
    link = tmp_path / "usb-FTDI-if00"
    link.symlink_to("../../ttyUSB0")
    assert "it points to ../../ttyUSB0, which is no simulated device" in refusal(link)
    assert link.readlink() == Path("../../ttyUSB0")


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    assert f"{tmp_path}/notes is no directory" in refusal(tmp_path / "notes" / "usb-1")
