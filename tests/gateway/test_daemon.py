"""The daemon as its service manager sees it."""

import http.client
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import control
from sandbox.ports import Port
from sandbox.waiting import wait_until
from tests.gateway.notifications import PATIENCE_S, Notifications

GATEWAY = ["-m", "gateway"]
CONFIGURATION = """
[journal]
path = "{folder}/journal.db"
[kafka]
bootstrap_servers = ["127.0.0.1:1"]
[simulator]
interval_s = 0.01
"""
# The real gateway whose commits take long from the 20th on.
SLOW_JOURNAL = """
import itertools, time
from gateway import app
from gateway.cli import main
from gateway.journal import Journal
app.JOURNAL_STUCK_S = 1.0
apply, count = Journal.apply, itertools.count()
def slow(self, operations):
    if next(count) >= 20:
        time.sleep({seconds})
    return apply(self, operations)
Journal.apply = slow
main(prog_name="gateway")
"""
# The real gateway that opens another journal only when it may.
PATIENT_OPENING = """
import pathlib, time
from gateway import daemon
from gateway.cli import main
opened = daemon._open
def patient(config):
    while config.gateway.id == "other" and not pathlib.Path("{go_on}").exists():
        time.sleep(0.01)
    return opened(config)
daemon._open = patient
main(prog_name="gateway")
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Notifications]:
    with Notifications(tmp_path / "notify") as listening:
        yield listening


def started(
    tmp_path: Path,
    manager: Notifications | None,
    program: list[str] = GATEWAY,
    stderr: int | None = None,
    tables: str = "",
) -> "subprocess.Popen[bytes]":
    config = tmp_path / "gateway.toml"
    config.write_text(CONFIGURATION.format(folder=tmp_path) + tables)
    environ = {} if manager is None else {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": "600000"}
    with (tmp_path / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, *program, "--config", config],
            stderr=log if stderr is None else stderr,
            env={**os.environ, **environ},
            start_new_session=True,
        )


def test_the_manager_hears_of_the_start_a_reload_and_the_stop(tmp_path: Path, manager: Notifications) -> None:
    with started(tmp_path, manager) as process:
        before = manager.await_one("READY=1")
        assert all(one.startswith(("STATUS=", "WATCHDOG=", "READY=")) for one in before)
        manager.await_one("STATUS=1 of 1 sources up")
        process.send_signal(signal.SIGHUP)
        manager.await_one("RELOADING=1")
        manager.await_one("READY=1")
        manager.await_one("WATCHDOG=1")
        process.send_signal(signal.SIGTERM)
        manager.await_one("STOPPING=1")
        assert process.wait(timeout=10) == 0


def test_a_refused_reload_is_over_for_the_manager_too(tmp_path: Path, manager: Notifications) -> None:
    with started(tmp_path, manager) as process:
        manager.await_one("READY=1")
        (tmp_path / "gateway.toml").write_text("[gateway]\nx = 1\ny = 2\n")
        process.send_signal(signal.SIGHUP)
        manager.await_one("RELOADING=1")
        manager.await_one("READY=1")
        manager.await_one("the old configuration stays in force")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    refused = [line for line in (tmp_path / "log").read_text().splitlines() if "event=reload_refused" in line]
    assert ["gateway.x: " in refused[0], "gateway.y: " in refused[1]] == [True, True]


def test_the_watchdog_is_not_fed_while_a_commit_hangs(tmp_path: Path, manager: Notifications) -> None:
    with started(tmp_path, manager, ["-c", SLOW_JOURNAL.format(seconds=3600)]) as process:
        manager.await_one("WATCHDOG=1")
        manager.await_no_more("WATCHDOG=1")
        assert process.poll() is None
        assert "event=stuck" in (tmp_path / "log").read_text()
        process.kill()


def test_the_watchdog_is_fed_while_commits_are_slow(tmp_path: Path, manager: Notifications) -> None:
    with started(tmp_path, manager, ["-c", SLOW_JOURNAL.format(seconds=0.3)]) as process:
        for _ in range(20):  # each 0.2 s: much longer than the bound
            manager.await_one("WATCHDOG=1")
        assert "event=stuck" not in (tmp_path / "log").read_text()
        process.kill()


def test_the_end_of_its_terminal_ends_it(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with started(tmp_path, None, stderr=theirs) as process:
        os.close(theirs)
        seen = b""
        while b"source_up" not in seen:
            seen += os.read(ours, 4096)
        os.close(ours)
        process.send_signal(signal.SIGHUP)  # as the kernel and the shell do
        assert process.wait(timeout=10) == 0


def asked(port: int, path: str) -> tuple[int, str]:
    """Status and body of what the health port says; (0, "") while it does not listen."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        link.close()


def with_health(tmp_path: Path, port: Port, program: list[str] = GATEWAY) -> "subprocess.Popen[bytes]":
    return started(tmp_path, None, program, tables=f'[health]\nlisten = "127.0.0.1:{port.number}"\n')


def test_the_health_port_tells_how_a_running_gateway_is(tmp_path: Path) -> None:
    port = Port.reserve()
    with with_health(tmp_path, port) as process:
        wait_until(lambda: "kafka_down" in asked(port.number, "/readyz")[1], PATIENCE_S, "Kafka is down")
        assert asked(port.number, "/healthz")[0] == 200
        status, body = asked(port.number, "/readyz")
        assert (status, [one["reason"] for one in json.loads(body)["reasons"]]) == (503, ["kafka_down"])
        _, metrics = asked(port.number, "/metrics")
        assert '\nsuhu_gateway_source_up{source="simulator S1, S2, S3"} 1.0\n' in metrics
        assert "\nsuhu_gateway_kafka_up 0.0\n" in metrics
        assert "\nsuhu_gateway_spool_max_bytes 2.68435456e+08\n" in metrics
        process.send_signal(signal.SIGHUP)
        log = tmp_path / "log"
        wait_until(lambda: "event=reloaded" in log.read_text(), PATIENCE_S, "the reload")
        wait_until(lambda: asked(port.number, "/healthz")[0] == 200, PATIENCE_S, "the port after a reload")
        process.terminate()
        assert process.wait(timeout=10) == 0
    port.release()
    assert "health_port_failed" not in log.read_text()


def test_the_health_port_answers_all_through_a_reload(tmp_path: Path) -> None:
    port, go_on, log, config = Port.reserve(), tmp_path / "go-on", tmp_path / "log", tmp_path / "gateway.toml"
    with with_health(tmp_path, port, ["-c", PATIENT_OPENING.format(go_on=go_on)]) as process:
        wait_until(lambda: asked(port.number, "/healthz")[0] == 200, PATIENCE_S, "the port")
        config.write_text('[gateway]\nid = "other"\n' + config.read_text())
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reloading" in asked(port.number, "/readyz")[1], PATIENCE_S, "the reload to begin")
        assert asked(port.number, "/healthz") == (200, '{"alive": true, "stuck": []}\n')
        status, body = asked(port.number, "/readyz")
        assert (status, [one["reason"] for one in json.loads(body)["reasons"]]) == (503, ["reloading"])
        assert "suhu_gateway_delivered_total 0.0" in asked(port.number, "/metrics")[1]
        assert "event=reloaded" not in log.read_text()
        go_on.touch()
        wait_until(lambda: "event=reloaded" in log.read_text(), PATIENCE_S, "the reload to end")
        wait_until(lambda: "kafka_down" in asked(port.number, "/readyz")[1], PATIENCE_S, "the new configuration")
        assert "reloading" not in asked(port.number, "/readyz")[1]
        process.terminate()
        assert process.wait(timeout=10) == 0
    port.release()
    assert "event=health_port" not in log.read_text()


def test_a_reload_closes_the_health_port_and_opens_it_elsewhere(tmp_path: Path) -> None:
    first, second, log, config = Port.reserve(), Port.reserve(), tmp_path / "log", tmp_path / "gateway.toml"
    with with_health(tmp_path, first) as process:
        wait_until(lambda: asked(first.number, "/healthz")[0] == 200, PATIENCE_S, "the port")
        config.write_text(config.read_text().replace(str(first.number), str(second.number)))
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: asked(second.number, "/healthz")[0] == 200, PATIENCE_S, "the other port")
        assert asked(first.number, "/healthz")[0] == 0
        config.write_text(config.read_text().partition("[health]")[0])
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: asked(second.number, "/healthz")[0] == 0, PATIENCE_S, "no port")
        wait_until(lambda: log.read_text().count("event=reloaded") == 2, PATIENCE_S, "the second reload")
        process.terminate()
        assert process.wait(timeout=10) == 0
    first.release()
    second.release()


def test_a_health_port_in_use_is_told_and_readings_go_on(tmp_path: Path) -> None:
    port = Port.reserve()
    with socket.create_server(("127.0.0.1", port.number)), with_health(tmp_path, port) as process:
        log = tmp_path / "log"
        wait_until(lambda: "event=health_port_failed" in log.read_text(), PATIENCE_S, "the words")
        journal = tmp_path / "journal.db"
        wait_until(lambda: (control.ask(journal, {"command": "status"}) or {})["waiting"] > 20, PATIENCE_S, "readings")
        process.terminate()
        assert process.wait(timeout=10) == 0
    port.release()
    assert "ss -ltnp" in log.read_text()
