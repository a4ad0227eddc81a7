import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import paho.mqtt.publish as publish
import pytest

from gateway.config import load
from gateway.journal import Journal
from sandbox.mosquitto import Mosquitto

NOWHERE = ["--mqtt", "127.0.0.1:1", "--bootstrap-servers", "127.0.0.1:1"]


def init(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "init", "--output", folder / "gateway.toml", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.system
def test_what_it_writes_loads_and_starts_and_reads_the_devices_that_it_found(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    link = tmp_path / "sensor"
    broker = f"{mosquitto.host}:{mosquitto.port}"
    publish.single("suhu/M1", b'{"suhu": 64.5}', retain=True, hostname=mosquitto.host, port=mosquitto.port)
    with subprocess.Popen(
        [sys.executable, "-m", "firmware_sim", "--pty", link, "--sensors", "S1,S2", "--rate", "5", "--boot-s", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as device:
        try:
            assert device.stdout is not None
            assert device.stdout.readline().startswith("ready ")
            ended = init(
                tmp_path, "--port", link, "--mqtt", broker, "--bootstrap-servers", "127.0.0.1:1", "--seconds", "2"
            )
            assert ended.returncode == 0, ended.stderr
            assert f"{link} at 9600 baud: S1 " in ended.stdout
            assert "Kafka does not answer at 127.0.0.1:1" in ended.stderr
            config = load(tmp_path / "gateway.toml")
            assert [(one.port, one.baudrate) for one in config.serial] == [(str(link), 9600)]
            assert "suhu/{sensor_id}" in config.mqtt[0].topics
            sensors = journaled_by(tmp_path, {"S1", "S2", "M1"})
        finally:
            device.terminate()
    assert sensors >= {"S1", "S2", "M1"}


def journaled_by(folder: Path, wanted: set[str]) -> set[str]:
    """The sensors in the journal of a gateway that is stopped when both its sources are up and have been read."""
    path = folder / "journal.db"
    command = [sys.executable, "-m", "gateway", "--config", folder / "gateway.toml", "--journal", path]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        up = 0
        for line in process.stderr:
            up += "event=source_up" in line
            if up == 2:
                break
        try:
            while exported_by(path) < wanted:
                assert process.poll() is None
        finally:
            process.terminate()
        process.communicate(timeout=30)
        assert process.returncode == 0
    journal = Journal(path, "pabrik-1", 1 << 28)
    try:
        return {record.key.decode() for record in journal.read(after=0, limit=1000)}
    finally:
        journal.close()


def exported_by(path: Path) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "spool", "export", "--journal", path],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return {json.loads(line)["sensor_id"] for line in ended.stdout.splitlines()}


def test_without_devices_it_writes_a_file_that_loads_and_says_so(tmp_path: Path) -> None:
    device, held = os.openpty()
    ended = init(tmp_path, "--port", os.ttyname(held), "--seconds", "0.2", *NOWHERE)
    os.close(device)
    os.close(held)
    assert ended.returncode == 0
    assert "no source gave a reading" in ended.stdout
    assert "the MQTT broker 127.0.0.1:1 cannot be reached" in ended.stdout
    config = load(tmp_path / "gateway.toml")
    assert (config.serial, config.mqtt, config.simulator) == ([], [], None)


def test_simulate_looks_for_nothing_and_configures_the_simulator(tmp_path: Path) -> None:
    ended = init(tmp_path, "--simulate", "--bootstrap-servers", "127.0.0.1:1", "--id", "pabrik-7")
    assert ended.returncode == 0
    assert "listening" not in ended.stdout
    config = load(tmp_path / "gateway.toml")
    assert config.simulator is not None
    assert config.gateway.id == "pabrik-7"


def test_without_an_id_the_hosts_name_is_written_down(tmp_path: Path) -> None:
    assert init(tmp_path, "--simulate", "--bootstrap-servers", "127.0.0.1:1").returncode == 0
    written = re.search(r'^id = "(.+)"$', (tmp_path / "gateway.toml").read_text(), re.MULTILINE)
    assert written is not None
    assert written[1] == re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())


def test_a_file_that_is_there_is_kept_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text("# mine\n")
    ended = init(tmp_path, "--simulate")
    assert ended.returncode == 73
    assert "--force" in ended.stderr
    assert (tmp_path / "gateway.toml").read_text() == "# mine\n"
    assert init(tmp_path, "--simulate", "--force", "--bootstrap-servers", "127.0.0.1:1").returncode == 0
    assert load(tmp_path / "gateway.toml").simulator is not None


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--bootstrap-servers", "kafka"], 78, "command line: kafka.bootstrap_servers: 'kafka' is not host:port"),
        (["--id", "a b", "--simulate"], 78, "command line: gateway.id: 1 to 64 letters"),
        (["--mqtt", "a:b"], 64, "not HOST or HOST:PORT"),
        (["--simulate", "--output", "/none/gateway.toml"], 73, "/none/gateway.toml cannot be written"),
    ],
)
def test_a_mistake_ends_with_words(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    ended = init(tmp_path, *arguments)
    assert ended.returncode == code
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "gateway.toml").exists()
