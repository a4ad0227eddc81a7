import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.journald import Journald, datagram, entry, leads_there


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[socket.socket]:
    """What journald listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "socket"))
        yield listening


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Journald]:
    made = Journald(tmp_path / "socket")
    yield made
    made.close()


def test_an_event_becomes_fields_beside_its_whole_line(journal: socket.socket, sender: Journald) -> None:
    event = {"event": "source_lost", "level": "warning", "timestamp": "t", "source": "serial a", "n": 3, "no": None}
    assert sender.send(entry(event, "event=source_lost source=serial"))
    assert journal.recv(65_536).decode().splitlines() == [
        "MESSAGE=event=source_lost source=serial",
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=suhu-gateway",
        "SUHU_EVENT=source_lost",
        "SUHU_SOURCE=serial a",
        "SUHU_N=3",
    ]


def test_a_value_with_line_breaks_cannot_make_up_a_field() -> None:
    assert datagram({"A": "x\nPRIORITY=0", "B": "é"}) == (
        b"A\n\x0c\x00\x00\x00\x00\x00\x00\x00x\nPRIORITY=0\nB=\xc3\xa9\n"
    )


def test_a_long_value_is_cut() -> None:
    assert len(datagram({"A": "x" * 1_000_000})) == 16_384 + 3


def test_a_journal_that_is_gone_or_full_refuses_at_once(journal: socket.socket, sender: Journald) -> None:
    sent = 0
    while sender.send({"MESSAGE": "x" * 1000}):
        sent += 1
        assert sent < 100_000
    journal.close()
    assert sent > 0
    assert not sender.send({"MESSAGE": "x"})


def test_standard_error_is_the_journals_when_systemd_says_that_very_file(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        named = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        assert leads_there(stream.fileno(), named)
        assert not leads_there(stream.fileno(), {})
        with (tmp_path / "other").open("w") as other:  # as after `2>file` in a service's shell
            assert not leads_there(other.fileno(), named)
    assert not leads_there(987, named)
