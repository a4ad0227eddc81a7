import os
import secrets
import socket
import time
from pathlib import Path

import pytest

from gateway.systemd import Systemd
from tests.gateway.notifications import Notifications


def test_every_message_has_the_words_that_systemd_expects(tmp_path: Path) -> None:
    with Notifications(tmp_path / "s") as manager:
        systemd = Systemd(manager.address)
        systemd.ready()
        systemd.status("all is well")
        systemd.status("all is well")  # not sent again
        systemd.alive()
        before_us = time.monotonic_ns() // 1000
        systemd.reloading()
        systemd.stopping()
        assert [manager.next() for _ in range(3)] == ["READY=1", "STATUS=all is well", "WATCHDOG=1"]
        first, second = manager.next().splitlines()
        assert first == "RELOADING=1"
        assert before_us <= int(second.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
        assert manager.next() == "STOPPING=1"


def test_an_abstract_address_begins_with_an_at_sign() -> None:
    name = f"suhu-{secrets.token_hex(4)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        Systemd.from_environment({"NOTIFY_SOCKET": f"@{name}"}).ready()
        manager.settimeout(5)
        assert manager.recv(64) == b"READY=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_manager_nothing_happens(environ: dict[str, str]) -> None:
    systemd = Systemd.from_environment(environ)
    assert not systemd.listens
    systemd.ready()


def test_a_manager_that_is_gone_is_no_error(tmp_path: Path) -> None:
    systemd = Systemd(str(tmp_path / "gone"))
    assert systemd.listens
    systemd.ready()


@pytest.mark.parametrize(
    ("watchdog", "expected_s"),
    [
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),  # meant for another process
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdogs_period_is_taken_when_it_is_meant_for_us(
    watchdog: dict[str, str], expected_s: float | None
) -> None:
    assert Systemd.from_environment({"NOTIFY_SOCKET": "/run/s", **watchdog}).watchdog_s == expected_s
