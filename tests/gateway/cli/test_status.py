import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import control
from sandbox.waiting import wait_until
from tests.gateway.cli.command import gateway


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Path]:
    """The journal of a gateway that simulates and has no Kafka."""
    path = tmp_path / "journal.db"
    command = [sys.executable, "-m", "gateway", "--simulate", "--journal", path, "--bootstrap-servers", "127.0.0.1:1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: (control.status(path) or {}).get("kafka_down_s"), 20, "Kafka is down")
        yield path
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_a_gateway_with_trouble_is_shown_and_ends_with_1(daemon: Path) -> None:
    ended = gateway("status", "--journal", daemon)
    assert ended.returncode == 1
    assert "kafka     DOWN for " in ended.stdout
    assert "no broker answers at 127.0.0.1:1" in ended.stdout
    assert "source    simulator S1, S2, S3: up" in ended.stdout
    assert "sensor    S1 " in ended.stdout


def test_programs_get_the_same_as_json(daemon: Path) -> None:
    ended = gateway("status", "--json", "--journal", daemon)
    answer = json.loads(ended.stdout)
    assert ended.returncode == 1
    assert (answer["running"], [one["reason"] for one in answer["unready"]]) == (True, ["kafka_down"])
    assert answer["sensors"].keys() == {"S1", "S2", "S3"}


@pytest.mark.parametrize("folder", ["", "there-is-none"])
def test_without_a_gateway_the_words_say_how_to_get_one(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "journal.db"
    ended = gateway("status", "--json", "--journal", path)
    assert ended.returncode == 69
    assert json.loads(ended.stdout) == {"running": False}
    assert f"no gateway runs with the journal {path}: start it" in ended.stderr


def test_top_draws_until_ctrl_c_and_gives_the_terminal_back(daemon: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gateway", "top", "--interval", "0.1", "--journal", daemon]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        try:
            seen = b""
            while seen.count(b"\x1b[Hgateway ") < 3 or b"/s)" not in seen:
                seen += os.read(ours, 65_536)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    os.close(theirs)
    seen += os.read(ours, 65_536)
    os.close(ours)
    assert seen.startswith(b"\x1b[?1049h")
    assert seen.endswith(b"\x1b[?1049l")
    assert b"DOWN for" in seen


def test_top_without_a_terminal_is_a_mistake(tmp_path: Path) -> None:
    ended = gateway("top", "--journal", tmp_path / "journal.db")
    assert ended.returncode == 64
    assert "gateway status" in ended.stderr
