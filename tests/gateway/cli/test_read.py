import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import paho.mqtt.publish as publish
import pytest

from sandbox.mosquitto import Mosquitto
from tests.gateway.cli.talker import talking


def gateway(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def test_lines_and_readings_stand_side_by_side() -> None:
    with talking(b"S1 70.25\r\nHumidity 45\r\n") as port:
        ended = gateway("read", "--port", port, "--seconds", "1")
    assert ended.returncode == 0
    lines = ended.stdout.splitlines()
    assert any(line.split("  ", 1)[0] == "S1 70.25" and line.endswith("  S1: 70.25 °C") for line in lines)
    assert any(line.startswith("Humidity 45 ") and "rejected (no_temperature): " in line for line in lines)


def test_each_frame_is_one_json_object() -> None:
    with talking(b"T=70.2C\n") as port:
        ended = gateway("read", "--port", port, "--seconds", "1", "--json", "--device", '{"sensor_id": "oven"}')
    assert ended.returncode == 0
    cut, first, *_ = map(json.loads, ended.stdout.splitlines())
    assert cut["cut"]
    assert first["raw"] == "T=70.2C"
    assert first["raw_hex"] == "543d37302e3243"
    assert [(one["sensor_id"], one["suhu_c"]) for one in first["readings"]] == [("oven", 70.2)]
    assert first["rejected"] == []


def test_what_is_no_text_ends_with_65_and_another_baudrate() -> None:
    with talking(bytes.fromhex("9e6600f818e07e86e6e600fe0a9e98")) as port:
        ended = gateway("read", "--port", port, "--seconds", "1")
    assert ended.returncode == 65
    assert "try --baudrate 115200" in ended.stderr


def test_text_without_a_reading_ends_with_65_and_the_way_to_describe_it() -> None:
    with talking(b"Humidity 45\n") as port:
        ended = gateway("read", "--port", port, "--seconds", "1")
    assert ended.returncode == 65
    assert "docs/devices.md" in ended.stderr


def test_a_silent_device_ends_with_66() -> None:
    device, held = os.openpty()
    ended = gateway("read", "--port", os.ttyname(held), "--seconds", "0.3")
    os.close(device)
    os.close(held)
    assert ended.returncode == 66
    assert "power and wiring" in ended.stderr


def test_a_port_in_use_ends_with_75_and_one_that_is_not_there_with_66(tmp_path: Path) -> None:
    program = "import fcntl,sys; f=open(sys.argv[1],'rb+',0); fcntl.flock(f,fcntl.LOCK_EX); print(flush=True); input()"
    with (
        talking(b"S1 70\n") as port,
        subprocess.Popen([sys.executable, "-c", program, port], stdin=-1, stdout=-1) as process,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        busy = gateway("read", "--port", port)
        process.kill()
    assert busy.returncode == 75
    assert f"(PID {process.pid})" in busy.stderr
    gone = gateway("read", "--port", tmp_path / "none")
    assert gone.returncode == 66
    assert "is not there" in gone.stderr
    assert "Traceback" not in busy.stderr + gone.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "one of --port PORT and --mqtt HOST"),
        (["--port", "/dev/x", "--mqtt", "localhost"], "one of --port PORT and --mqtt HOST"),
        (["--port", "/dev/x", "--baudrate", "1"], "--baudrate: "),
        (["--mqtt", "localhost:mqtt"], "not HOST or HOST:PORT"),
    ],
)
def test_a_mistake_in_the_command_line_ends_with_64(arguments: list[str], words: str) -> None:
    ended = gateway("read", *arguments)
    assert ended.returncode == 64
    assert words in ended.stderr


def test_follow_goes_on_after_a_replug_until_it_is_interrupted(tmp_path: Path) -> None:
    link = tmp_path / "sensor"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "gateway", "read", "--port", link, "--follow"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as absent:
        assert absent.wait(30) == 66  # never there: no reason to wait for a name that may be wrong
    with talking(b"S1 1\n") as first:
        link.symlink_to(first)
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "gateway", "read", "--port", link, "--follow"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        while "S1: 1 °C" not in process.stdout.readline():
            pass
    link.unlink()
    with talking(b"S1 2\n") as second:
        link.symlink_to(second)
        while "S1: 2 °C" not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "waiting for it" in errors
    assert "Traceback" not in errors


@pytest.mark.system
def test_messages_of_a_broker_are_shown_with_their_topics(mosquitto: Mosquitto) -> None:
    publish.single("read/S1", b"70.25", retain=True, hostname=mosquitto.host, port=mosquitto.port)
    publish.single("read/S2", b"on", retain=True, hostname=mosquitto.host, port=mosquitto.port)
    address = f"{mosquitto.host}:{mosquitto.port}"
    ended = gateway("read", "--mqtt", address, "--topic", "read/{sensor_id}", "--seconds", "1", "--json")
    assert ended.returncode == 0
    first, second = sorted(map(json.loads, ended.stdout.splitlines()), key=lambda one: str(one["topic"]))
    assert first["topic"] == "read/S1"
    assert [(one["sensor_id"], one["suhu_c"]) for one in first["readings"]] == [("S1", 70.25)]
    assert second["readings"] == []
    assert len(second["rejected"]) == 1


def test_a_broker_that_is_not_there_ends_with_69() -> None:
    ended = gateway("read", "--mqtt", "127.0.0.1:1")
    assert ended.returncode == 69
    assert "the MQTT broker 127.0.0.1:1 cannot be reached" in ended.stderr
