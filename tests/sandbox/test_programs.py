import json
import os
import signal
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.programs import Firmware, Gateway

pytestmark = pytest.mark.system


def test_firmware_tells_where_its_device_is_and_what_it_emitted(tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    with Firmware(tmp_path, ["--pty", f"{tmp_path}/dev/press", "--sensors", "S1"], truth=truth) as firmware:
        link = firmware.addresses()["sim-S1"]
        assert link == f"{tmp_path}/dev/press"
        port = os.open(link, os.O_RDWR | os.O_NOCTTY)
        try:
            firmware.wait_until(lambda: truth.exists() and truth.read_text().count("\n"), 20, "the first reading")
        finally:
            os.close(port)
    assert json.loads(truth.read_text().splitlines()[0])["readings"][0]["sensor_id"] == "S1"
    assert firmware.returncode == 0


def test_firmware_that_cannot_run_is_told_with_its_own_words(tmp_path: Path) -> None:
    firmware = Firmware(tmp_path, ["--curve", "boiling"], truth=tmp_path / "truth.jsonl")
    with pytest.raises(SandboxError, match=r"(?s)^firmware: it ended with exit code 64 before .*boiling"):
        firmware.__enter__()


def test_gateway_runs_without_kafka_and_ends_cleanly(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n[journal]\npath = "{tmp_path}/journal.db"\n')
    with Gateway(tmp_path, config, arguments=["--simulate"]) as gateway:
        gateway.wait_for_line("event=source_up", 20)
        assert gateway.stop() == 0
    assert "event=stopped" in gateway.log.read_text()


def test_gateway_that_cannot_start_is_told_with_its_own_words(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text("[kafak]\n")
    with pytest.raises(SandboxError, match=r"(?s)^gateway: it ended with exit code 78 before .*kafak"):
        Gateway(tmp_path, config).__enter__()


def test_a_killed_gateway_can_be_started_again(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f'[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n[journal]\npath = "{tmp_path}/journal.db"\n')
    with Gateway(tmp_path, config, arguments=["--simulate"]) as gateway:
        gateway.kill()
        assert gateway.returncode == -signal.SIGKILL
        gateway.start()
        assert gateway.alive
