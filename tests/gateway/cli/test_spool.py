import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import control
from gateway.journal import Append, Delivered, Hold, Journal, Quarantine
from gateway.model import Reading
from sandbox.waiting import wait_until

MOMENT = datetime(2026, 11, 22, 3, 4, 5, 678_000, UTC)


def spool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "spool", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with sequences 1 to 5: one delivered, one of the others in quarantine as well, one reading held."""
    # A folder so deep that the socket's path is longer than an address may be.
    path = tmp_path / ("deep-" * 20) / "journal.db"
    journal = Journal(path, "pabrik-1", 8 << 20)
    records = journal.apply([Append(Reading("S1", 70.0 + place, MOMENT, "serial")) for place in range(5)])
    journal.apply([Delivered(1, journal.name), Quarantine(records[1], "too large")])
    journal.apply([Hold(Reading("S2", 60.0, MOMENT, "mqtt"))])
    journal.close()
    return path


@pytest.fixture
def daemon(path: Path) -> Iterator[Path]:
    """The same, with a gateway that has it open."""
    command = [sys.executable, "-m", "gateway", "--simulate", "--journal", path, "--bootstrap-servers", "127.0.0.1:1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "event=source_up" in line:
                break
        yield path
        process.terminate()
        process.stderr.read()


def test_status_without_a_daemon_reads_the_file(path: Path) -> None:
    shown = json.loads(spool("status", "--json", "--journal", path).stdout)
    assert shown["gateway_running"] is False
    expected = {"waiting": 4, "delivered": 1, "last_sequence": 5, "held": 1, "quarantined": 1}
    assert {name: shown[name] for name in expected} == expected
    assert shown["oldest_waiting_ms"] == 1_795_316_645_678


def test_status_with_a_daemon_asks_it(daemon: Path) -> None:
    shown = json.loads(spool("status", "--json", "--journal", daemon).stdout)
    assert shown["gateway_running"] is True
    assert shown["waiting"] >= 4
    assert shown["sources"] == {"simulator S1, S2, S3": {"is_up": True, "error": None}}
    assert shown["journal_trouble"] is None
    words = spool("status", "--journal", daemon).stdout
    assert "running" in words
    assert "1 of 1 sources up" in words


def test_a_daemon_that_cannot_reach_kafka_says_so_in_its_status(daemon: Path) -> None:
    wait_until(lambda: "Kafka is down for" in spool("status", "--journal", daemon).stdout, 30, "the trouble in status")


@pytest.mark.parametrize(
    "request_line",
    [b"[]", b"{}", b"\xff", b'{"command": "export", "after": "x"}', b'{"command": "export", "after": []}'],
)
def test_a_senseless_request_is_refused_and_harms_nothing(daemon: Path, request_line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as door, control.address(control.socket_path(daemon)) as short:
        door.connect(short)
        door.sendall(request_line + b"\n")
        assert "error" in json.loads(door.makefile().readline())
    assert json.loads(spool("status", "--json", "--journal", daemon).stdout)["gateway_running"] is True


@pytest.mark.parametrize("fixture", ["path", "daemon"])
def test_export_prints_what_waits_as_it_would_be_sent(fixture: str, request: pytest.FixtureRequest) -> None:
    path = request.getfixturevalue(fixture)
    lines = spool("export", "--journal", path).stdout.splitlines()
    assert [json.loads(line)["suhu"] for line in lines[:4]] == [71.0, 72.0, 73.0, 74.0]


def test_quarantine_shows_the_reason(path: Path) -> None:
    (line,) = spool("quarantine", "--journal", path).stdout.splitlines()
    shown = json.loads(line)
    assert (shown["sequence"], shown["key"], shown["reason"]) == (2, "S1", "too large")


def test_verify_is_content_with_a_whole_journal(path: Path) -> None:
    ended = spool("verify", "--journal", path)
    assert ended.returncode == 0
    assert "4 waiting records checked" in ended.stdout


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("UPDATE queue SET value = x'00' WHERE sequence = 3", "damaged records: [3]"),
        ("DELETE FROM queue WHERE sequence = 3", "holes: [[3, 3]]"),
    ],
)
def test_verify_finds_what_is_damaged_or_missing(path: Path, harm: str, words: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(harm)
    database.close()
    ended = spool("verify", "--journal", path)
    assert ended.returncode == 1
    assert words in ended.stdout


def test_looking_changes_nothing(path: Path) -> None:
    before = path.read_bytes()
    for command in ("status", "verify", "export", "quarantine"):
        assert spool(command, "--journal", path).returncode == 0
    assert path.read_bytes() == before


def test_a_missing_journal_is_said(tmp_path: Path) -> None:
    ended = spool("status", "--journal", tmp_path / "none.db")
    assert ended.returncode == 74
    assert "there is no journal at" in ended.stderr
    assert "Traceback" not in ended.stderr
