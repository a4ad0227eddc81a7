"""Plugs that are pulled and speeds that do not fit, on real terminals, sockets and a real broker."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from sandbox.mosquitto import Mosquitto
from tests.firmware_sim.child import Child, read_lines, wait_until
from tests.firmware_sim.subscriber import Subscriber

Start = Callable[..., Child]


def scenario(folder: Path, keys: str) -> str:
    path = folder / "scenario.toml"
    path.write_text(f'[[device]]\nname = "press-1"\nsensors = ["S1"]\nrate = 50\n{keys}')
    return str(path)


def read_on(port: serial.Serial) -> None:
    while True:
        port.read(1)


def read_to_the_end(bridge: socket.socket) -> None:
    while bridge.recv(4096):
        pass
    raise ConnectionError  # ended in order: as good as a reset


def test_an_unplugged_port_comes_back_as_another_terminal_under_the_same_name(
    start: Start, tmp_path: Path, link: Path
) -> None:
    keys = f'transport = "pty"\nlink = "{link}"\n[[device.fault]]\nkind = "unplug"\nat_s = 0.1\nfor_s = 0.2\n'
    child = start("--scenario", scenario(tmp_path, keys))
    child.ready()
    first_terminal = link.readlink()
    received: list[str] = []
    with serial.Serial(str(link), timeout=5) as port:
        received += read_lines(port, 5)[1:]
        with pytest.raises(serial.SerialException):
            read_on(port)
    wait_until(lambda: link.is_symlink() and link.readlink() != first_terminal, "another terminal is there")
    with serial.Serial(str(link), timeout=5) as port:
        again = read_lines(port, 4)
    child.stop()
    assert again[0] == "# suhu-firmware press-1 ready"
    facts = child.truth()
    outages = [fact for fact in facts if fact.get("faults") == ["unplug"]]
    assert [(fact["duration_s"], "text" in fact) for fact in outages] == [(0.2, False)]
    texts = [fact["text"] for fact in facts if "text" in fact]
    assert texts[:4] == received
    assert texts[5:8] == again[1:]  # the outage was due with the sixth reading: none before it was lost
    assert facts.index(outages[0]) == 5


def test_unplugged_there_is_no_link(start: Start, tmp_path: Path, link: Path) -> None:
    keys = f'transport = "pty"\nlink = "{link}"\n[[device.fault]]\nkind = "unplug"\nat_s = 0\nfor_s = 60\n'
    child = start("--scenario", scenario(tmp_path, keys))
    child.ready()
    with serial.Serial(str(link), timeout=5):
        wait_until(lambda: not link.is_symlink(), "the link is gone")
    assert child.stop() == (0, "emitted S1=0 dropped=0\n", "")
    assert not link.is_symlink()


def test_a_bridge_that_is_cut_off_listens_again_on_its_port(start: Start, tmp_path: Path) -> None:
    keys = 'transport = "tcp"\n[[device.fault]]\nkind = "unplug"\nat_s = 0.1\nfor_s = 0.2\n'
    child = start("--scenario", scenario(tmp_path, keys))
    address = child.ready()
    host, port = address.removeprefix("socket://").split(":")
    with socket.create_connection((host, int(port))) as bridge, pytest.raises(ConnectionError):
        read_to_the_end(bridge)

    def is_back() -> bool:
        try:
            socket.create_connection((host, int(port))).close()
        except ConnectionRefusedError:
            return False
        return True

    wait_until(is_back, "it listens again")
    with serial.serial_for_url(address, timeout=5) as again:
        assert read_lines(again, 2)[0] == "# suhu-firmware press-1 ready"


def test_a_client_at_another_speed_hears_garbage_and_the_truth_says_so(
    start: Start, tmp_path: Path, link: Path
) -> None:
    child = start("--scenario", scenario(tmp_path, f'transport = "pty"\nlink = "{link}"\npace = 9600\n'))
    child.ready()
    with serial.Serial(str(link), 4800, timeout=5) as port:
        garbage = port.read(30)
    assert b"S1" not in garbage
    with serial.Serial(str(link), 9600, timeout=5) as port:
        lines = read_lines(port, 3)
    child.stop()
    assert lines[0] == "# suhu-firmware press-1 ready"
    facts = child.truth()
    assert facts[0]["faults"] == ["wrong-baud"]
    assert (facts[0]["readings"], facts[0]["allowed"]) == ([], [{"sensor_id": "S1", "celsius": 65.06}])
    heard_well = [fact["text"] for fact in facts if "faults" not in fact]
    assert heard_well[:2] == lines[1:]


@pytest.mark.system
def test_cut_off_from_the_broker_the_will_is_published_and_the_births_again(start: Start, tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        subscriber = Subscriber(broker.port, "tele/#")
        keys = (
            f'transport = "mqtt"\nport = {broker.port}\nformat = "tasmota"\ncount = 20\n'
            '[[device.fault]]\nkind = "disconnect"\nat_s = 0.1\nfor_s = 1\n'
        )
        child = start("--scenario", scenario(tmp_path, keys))
        child.ready()
        assert child.ends()[:2] == (0, "emitted S1=20 dropped=0\n")
        wait_until(lambda: sum(one.topic.endswith("SENSOR") for one in subscriber.messages) >= 20, "all have come")
        subscriber.close()
    states = [one.payload for one in subscriber.messages if one.topic == "tele/press-1/LWT"]
    assert states == [b"Online", b"Offline", b"Online"]
    sensors = [one.payload.decode() for one in subscriber.messages if one.topic.endswith("SENSOR")]
    published = [fact["text"] for fact in child.truth() if fact.get("topic", "").endswith("SENSOR")]
    assert len(published) == 20
    assert set(sensors) == set(published)
    assert [fact["duration_s"] for fact in child.truth() if fact.get("faults") == ["disconnect"]] == [1.0]


@pytest.mark.system
def test_a_sparkplug_node_is_born_before_it_speaks_and_again_when_it_is_told_to(start: Start, tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        subscriber = Subscriber(broker.port, "spBv1.0/#")
        start(
            "--mqtt", "--port", str(broker.port), "--format", "sparkplug-b", "--name", "Edge1", "--rate", "20"
        ).ready()
        wait_until(lambda: len(subscriber.messages) > 4, "data has come")
        kinds = [one.topic.split("/")[2] for one in subscriber.messages]
        assert kinds[:3] == ["NBIRTH", "DBIRTH", "DDATA"]
        assert [one.payload[-2:].hex() for one in subscriber.messages[:4]] == ["1800", "1801", "1802", "1803"]
        subscriber.publish("spBv1.0/Plant1/NCMD/Edge1", b"")
        wait_until(
            lambda: [one.topic.split("/")[2] for one in subscriber.messages].count("DBIRTH") == 2, "it is born again"
        )
        subscriber.close()
