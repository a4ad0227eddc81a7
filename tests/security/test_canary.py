"""Secrets with values that are easily recognised go through everything that the gateway says, and are nowhere."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.mosquitto import Mosquitto
from sandbox.programs import Gateway
from sandbox.records import read_topic
from sandbox.waiting import wait_until
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S, Rig
from tests.security.guarded import GATEWAY, USERS, Guarded

pytestmark = pytest.mark.system

CANARY = "canary-"  # how each secret begins
SPOOL = ("status", "verify", "export", "quarantine")


def gateway(*arguments: str, **environment: str) -> str:
    """What a command says, on both channels."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, **environment},
    )
    return done.stdout + done.stderr


def proc(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize("client", ["kafka-python-ng", "confluent"])
def test_no_secret_is_said_anywhere(guarded: Guarded, mosquitto: Mosquitto, tmp_path: Path, client: str) -> None:
    password, mqtt_password = tmp_path / "password", tmp_path / "mqtt"
    password.write_text("canary-wrong-55e0")
    mqtt_password.write_text("canary-mqtt-1f00")
    options = {
        "kafka": f'tls = true\nca_file = "{guarded.ca_file}"\nusername = "{GATEWAY}"\npassword_file = "{password}"\n'
        f'client = "{client}"',
        "[mqtt]": f'username = "{GATEWAY}"\npassword_file = "{mqtt_password}"',
    }
    said = []
    with (
        Proxy(guarded.port("GATE")) as proxy,
        Rig(tmp_path, guarded.kafka, mosquitto, kafka_port=proxy.port, options=options) as rig,
    ):
        guarded.let_write(GATEWAY, rig.name)
        rig.gateway.wait_for_line("does not let us in", PATIENCE_S)
        password.write_text(USERS[GATEWAY])
        rig.gateway.wait_for_line("event=kafka_up", PATIENCE_S)
        proxy.refuse()
        rig.let_flow(50)
        said += [proc(rig.gateway.pid), json.dumps(rig.status())]
        said += [gateway("spool", command, "--config", str(rig.config)) for command in SPOOL]
        proxy.reset()
        mqtt_password.write_bytes(b"canary-mqtt-\xff")
        for text in (rig.config.read_text().replace("tls = true", "tls = true\nusername_ = 1"), None):
            whole = rig.config.read_text()
            rig.config.write_text(text or whole.replace("interval_s = 0", "interval_s = 0.0"))
            os.kill(rig.gateway.pid, signal.SIGHUP)
            rig.gateway.wait_for_line("reload_refused" if text else "event=reloaded", PATIENCE_S)
            rig.config.write_text(whole)
        said.append(gateway("verify", "--config", str(rig.config)))
        rig.gateway.stop()
        said.append(rig.gateway.log.read_text())
        said.append(rig.journal.read_bytes().decode(errors="replace"))
    for text in said:
        assert CANARY not in text
    assert "event=reloaded" in said[-2]  # so that this looks at something


BAD = [
    '[kafka]\npassword = "canary-1"',
    "[kafka]\npassword = canary-1",
    '[kafka]\nsasl_plain_password = "canary-1"',
    '[kafka]\nbootstrap_servers = ["u:canary-1@kafka:9092"]',
    '[[mqtt]]\npassword = "canary-1"',
    '[[mqtt]]\nhost = "u:canary-1@mqtt"',
    '[kafka]\nusername = "u"\nbootstrap_servers = ["kafka.example:9092"]',
]


@pytest.mark.parametrize("text", BAD)
def test_a_refused_configuration_does_not_show_its_secrets(tmp_path: Path, text: str) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(text)
    for command in ("run", "verify"):
        said = gateway(command, "--config", str(config), SUHU_KAFKA_PASSWORD="canary-environment")  # noqa: S106
        assert f"gateway: {config}" in said
        assert CANARY not in said
        assert "Traceback" not in said


def test_a_password_of_the_environment_is_used_and_never_said(
    guarded: Guarded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = "password-of-the-environment"
    guarded.kafka.create_topic(topic, 3)
    guarded.let_write(GATEWAY, topic)
    config = tmp_path / "gateway.toml"
    config.write_text(
        f'[kafka]\nbootstrap_servers = ["{guarded.kafka.servers("GATE")}"]\ntopic = "{topic}"\ntls = true\n'
        f'ca_file = "{guarded.ca_file}"\nusername = "{GATEWAY}"\n[journal]\npath = "{tmp_path}/journal.db"\n'
    )
    monkeypatch.setenv("SUHU_KAFKA_PASSWORD", USERS[GATEWAY])
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    with Gateway(tmp_path, config, arguments=["--simulate"]) as running:
        wait_until(lambda: read_topic(guarded.kafka.bootstrap_servers, topic), PATIENCE_S, "records in the topic")
        assert CANARY not in proc(running.pid)
        os.kill(running.pid, signal.SIGABRT)  # it says where it was, and not with what
        wait_until(lambda: not running.alive, PATIENCE_S, "the gateway's end")
        said = running.log.read_text()
    assert "Fatal Python error: Aborted" in said
    assert CANARY not in said
