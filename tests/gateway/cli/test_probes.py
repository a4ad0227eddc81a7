import os
import pty
import socket
import subprocess
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import probes
from gateway.cli.findings import Finding
from gateway.config import check
from gateway.sources.port_holders import holders_of
from sandbox.mosquitto import Mosquitto


@pytest.fixture
def terminal() -> Iterator[str]:
    """A pseudo-terminal that this process holds only by its other end."""
    ours, theirs = pty.openpty()
    path = os.ttyname(theirs)
    os.close(theirs)
    yield path
    os.close(ours)


def told(finding: Finding) -> tuple[str, int]:
    return finding.verdict, finding.code


def test_a_port_that_is_free_is_well(terminal: str) -> None:
    assert told(probes.port(terminal, None)) == ("ok", 0)


def test_a_port_that_is_not_there_or_no_port_at_all(tmp_path: Path) -> None:
    assert told(probes.port(str(tmp_path / "ttyUSB0"), None)) == ("failed", 66)
    (tmp_path / "file").write_text("")
    found = probes.port(str(tmp_path / "file"), None)
    assert told(found) == ("failed", 66)
    assert "no serial port" in found.words


def test_a_port_in_use_names_its_holder_unless_that_is_the_gateway(terminal: str) -> None:
    fd = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    try:
        found = probes.port(terminal, None)
        assert told(found) == ("failed", 75)
        assert f"PID {os.getpid()}" in found.words
        assert told(probes.port(terminal, os.getpid())) == ("ok", 0)
    finally:
        os.close(fd)
    assert holders_of(terminal) == []


def test_a_port_without_permission_says_whose_it_is(terminal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may everything
    found = probes.port(terminal, None)
    assert told(found) == ("failed", 77)
    assert "no permission to open" in found.words


def test_a_serial_server_is_asked_for_its_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.getsockname()[1]
        assert told(probes.port(f"socket://127.0.0.1:{number}", None)) == ("ok", 0)
    assert told(probes.port(f"socket://127.0.0.1:{number}", None)) == ("failed", 69)
    assert told(probes.port("socket://127.0.0.1", None)) == ("failed", 69)


def test_the_room_on_the_disk_is_held_against_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "not" / "yet" / "journal.db"
    disk = namedtuple("disk", "f_bavail f_frsize")
    for free_mb, expected in ((1000, ("ok", 0)), (100, ("warning", 0)), (3, ("failed", 74))):
        monkeypatch.setattr(os, "statvfs", lambda _, free_mb=free_mb: disk(free_mb * 1000, 1000))
        assert told(probes.disk(path, 256_000_000)) == expected
    assert not path.parent.exists()


def test_a_journal_that_is_damaged_or_was_put_aside_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert [told(one) for one in probes.journal(path, None)] == [("ok", 0)]
    path.write_bytes(b"no database at all" * 100)
    assert [told(one) for one in probes.journal(path, None)] == [("failed", 74)]
    (tmp_path / "journal.db.bad-20261122T030405Z").write_text("")
    assert [one.place for one in probes.journal(path, None)][-1].endswith(".bad-20261122T030405Z")


def test_a_clock_before_the_release_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    assert probes.clock().verdict in {"ok", "warning"}
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert told(probes.clock()) == ("failed", 78)


def test_a_health_port_in_use_is_a_warning_as_readings_go_on() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listen = f"127.0.0.1:{listening.getsockname()[1]}"
        assert told(probes.listening(listen)) == ("warning", 0)
    assert told(probes.listening(listen)) == ("ok", 0)


@pytest.mark.system
def test_an_mqtt_broker_lets_us_in_or_says_why_not(tmp_path: Path) -> None:
    command = ["mosquitto_passwd", "-b", "-c", tmp_path / "passwords", "u", "right"]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "right").write_text("right")
    (tmp_path / "wrong").write_text("wrong")
    guard = ["allow_anonymous false", f"password_file {tmp_path}/passwords"]
    with Mosquitto(tmp_path / "broker", guard=guard) as broker:
        tables = [
            {"port": broker.port},
            {"port": broker.guarded_port, "username": "u", "password_file": tmp_path / "right"},
            {"port": broker.guarded_port},
            {"port": broker.guarded_port, "username": "u", "password_file": tmp_path / "wrong"},
            {"port": 1},
        ]
        options = {"mqtt": tables, "kafka": {"bootstrap_servers": ["127.0.0.1:1"], "rejected_topic": ""}}
        found = [one for one in probes.outside(check(options, "t"), None) if one.check == "mqtt"]
    assert [told(one) for one in found] == [("ok", 0), ("ok", 0), ("failed", 69), ("failed", 69), ("failed", 69)]
    assert "lets nobody in without a name" in found[2].words
    assert "does not let the user 'u' in" in found[3].words
    assert "cannot be reached" in found[4].words
