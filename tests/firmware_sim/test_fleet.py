import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial

from firmware_sim.device import AnyDevice, MqttDevice, PtyDevice, TcpDevice
from firmware_sim.fleet import outlet_of
from firmware_sim.mqtt_client import MqttClient
from firmware_sim.pty_link import PtyLink
from firmware_sim.scenario import Scenario
from firmware_sim.tcp_server import TcpServer
from firmware_sim.truth import TruthLog
from tests.firmware_sim.child import Child, read_lines

Start = Callable[..., Child]


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        (PtyDevice(transport="pty", name="a", sensors=("S1",), link=Path("/x")), PtyLink),
        (TcpDevice(transport="tcp", name="a", sensors=("S1",)), TcpServer),
        (MqttDevice(transport="mqtt", name="a", sensors=("S1",)), MqttClient),
    ],
)
def test_every_transport_is_wired(device: AnyDevice, kind: type) -> None:
    assert type(outlet_of(device, Scenario(device=(device,)), TruthLog(None), lambda _: None)) is kind


def test_many_devices_in_one_process(start: Start, tmp_path: Path) -> None:
    names = [f"press-{number}" for number in range(150)]  # each serial.Serial takes 5 descriptors, and select() 1,024
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        "\n".join(
            f'[[device]]\ntransport = "pty"\nname = "{name}"\nlink = "{tmp_path}/{name}"\n'
            f'sensors = ["S-{name}"]\nrate = 5\n'
            for name in names
        )
    )
    child = start("--scenario", str(scenario))
    assert [child.ready() for _ in names] == [f"{tmp_path}/{name}" for name in names]
    ports = [serial.Serial(str(tmp_path / name), timeout=5) for name in names]
    received = {name: read_lines(port, 6)[1:] for name, port in zip(names, ports, strict=True)}
    code, out, err = child.stop()
    for port in ports:
        port.close()
    assert (code, err) == (0, "")
    emitted = {name: [fact["text"] for fact in child.truth() if fact["device"] == name] for name in names}
    assert out == "emitted " + " ".join(f"S-{name}={len(emitted[name])}" for name in names) + " dropped=0\n"
    for name in names:
        assert received[name] == emitted[name][:5]


def test_one_silent_device_does_not_hold_up_the_others(start: Start, tmp_path: Path) -> None:
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        f'[[device]]\ntransport = "pty"\nname = "idle"\nlink = "{tmp_path}/idle"\nsensors = ["S1"]\n'
        f'[[device]]\ntransport = "pty"\nname = "busy"\nlink = "{tmp_path}/busy"\nsensors = ["S2"]\nrate = 50\n'
    )
    child = start("--scenario", str(scenario))
    child.ready()
    child.ready()
    with serial.Serial(str(tmp_path / "busy"), timeout=5) as port:
        assert read_lines(port, 2)[0] == "# suhu-firmware busy ready"
    assert child.stop()[0] == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scenario.toml", "truth.jsonl"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_summary_and_takes_the_link_away(start: Start, link: Path, number: int) -> None:
    child = start("--pty", str(link), "--rate", "50")
    child.ready()
    with serial.Serial(str(link), timeout=5) as port:
        read_lines(port, 3)
        child.process.send_signal(number)
        code, out, err = child.ends()
    assert (code, err) == (0, "")
    assert out == f"emitted S1={len(child.emitted())} dropped=0\n"
    assert not link.is_symlink()


def test_when_one_device_cannot_be_placed_the_others_are_taken_away(start: Start, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    scenario = tmp_path / "scenario.toml"
    scenario.write_text(
        f'[[device]]\ntransport = "pty"\nname = "a"\nlink = "{tmp_path}/free"\nsensors = ["S1"]\n'
        f'[[device]]\ntransport = "pty"\nname = "b"\nlink = "{tmp_path}/taken"\nsensors = ["S2"]\n'
    )
    code, _, err = start("--scenario", str(scenario)).ends()
    assert code == 73
    assert err == (
        f"firmware_sim: cannot put a device at {tmp_path}/taken: a file of that name is there; "
        "give another path to --pty (link in a scenario)\n"
    )
    assert not (tmp_path / "free").is_symlink()


def test_a_truth_that_cannot_be_written_ends_it(link: Path) -> None:
    command = [sys.executable, "-m", "firmware_sim", "--pty", str(link), "--rate", "50", "--truth", "/dev/full"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with serial.Serial(str(link), timeout=5):
            _, err = process.communicate(timeout=10)
    assert process.returncode == 74
    assert err == (
        "firmware_sim: cannot write the ground truth /dev/full: No space left on device; "
        "free the place or give another --truth\n"
    )
    assert not link.is_symlink()
