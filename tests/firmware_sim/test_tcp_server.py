import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import serial

from tests.firmware_sim.child import Child, read_lines, wait_until

BANNER = "# suhu-firmware sim-S1 ready"
Start = Callable[..., Child]


@contextmanager
def opened(url: str) -> Iterator[serial.SerialBase]:
    port = serial.serial_for_url(url, timeout=5)
    try:
        yield port
    finally:
        port.close()


def test_a_client_gets_the_banner_then_every_reading_from_the_first(start: Start) -> None:
    child = start("--tcp", "--rate", "200", "--count", "60")
    url = child.ready()
    assert url.startswith("socket://127.0.0.1:")
    with opened(url) as port:
        received = read_lines(port, 61)
    assert child.ends() == (0, "emitted S1=60 dropped=0\n", "")
    assert received[:3] == [BANNER, "S1 65.27", "S1 65.39"]
    assert received[1:] == child.emitted()


def test_several_clients_get_the_same_lines(start: Start) -> None:
    child = start("--tcp", "--rate", "100", "--curve", "hot")
    url = child.ready()
    with opened(url) as first, opened(url) as second:
        of_first = read_lines(first, 40)
        of_second = read_lines(second, 10)
    child.stop()
    assert of_first[0] == of_second[0] == BANNER
    emitted = child.emitted()
    assert emitted[:39] == of_first[1:]
    joined = emitted.index(of_second[1])
    assert emitted[joined : joined + 9] == of_second[1:]


def test_without_clients_the_device_pauses(start: Start) -> None:
    child = start("--tcp", "--rate", "100", "--curve", "hot")
    url = child.ready()
    with opened(url) as port:
        read_lines(port, 3)
    with opened(url) as port:
        again = read_lines(port, 3)
    child.stop()
    assert again[0] == BANNER
    assert again[1] in child.emitted()
    assert [fact["seq"] for fact in child.truth()] == list(range(1, len(child.truth()) + 1))
    assert all("dropped" not in fact for fact in child.truth())


def test_the_port_can_be_chosen_and_used_again_after_a_restart(start: Start) -> None:
    child = start("--tcp", "--rate", "50")
    url = child.ready()
    with opened(url) as port:
        read_lines(port, 2)
        child.stop()
    again = start("--tcp", "--rate", "50", "--port", url.rpartition(":")[2])
    assert again.ready() == url


def test_a_client_that_does_not_read_overruns_and_holds_nothing_up(start: Start) -> None:
    long_names = ",".join(f"{letter * 128}" for letter in "ABCDE")
    child = start("--tcp", "--rate", "10000", "--sensors", long_names, "--name", "flood")
    host, port = child.ready().removeprefix("socket://").split(":")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((host, int(port)))
        wait_until(lambda: b"dropped" in child.raw_truth()[-500:], "a reading was dropped")
        code, out, err = child.stop()
    assert (code, err) == (0, "")
    assert not out.endswith("dropped=0\n")


def test_a_taken_port_is_one_clear_sentence(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert start("--tcp", "--port", str(number)).ends() == (
            69,
            "",
            f"firmware_sim: cannot listen on 127.0.0.1:{number}: Address already in use; "
            "give another --port, or 0 for any free one\n",
        )


@pytest.mark.parametrize("flag", ["--banner", "--no-banner"])
def test_banner_is_optional(start: Start, flag: str) -> None:
    with opened(start("--tcp", "--rate", "50", flag).ready()) as port:
        assert read_lines(port, 1) == [{"--banner": BANNER, "--no-banner": "S1 65.27"}[flag]]
