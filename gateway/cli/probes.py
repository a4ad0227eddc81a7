"""What a gateway with this configuration needs of the world, looked at without changing anything there."""

import os
import platform
import socket
import sqlite3
import stat
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from gateway import __version__
from gateway.app import broker_of
from gateway.cli.findings import Finding, failed, ok, warning
from gateway.cli.synchronized import is_synchronized
from gateway.cli.words import (
    EX_CONFIG,
    EX_IOERR,
    EX_NOINPUT,
    EX_NOPERM,
    EX_TEMPFAIL,
    EX_UNAVAILABLE,
    exit_code,
)
from gateway.clock import RELEASED_AT
from gateway.config import Config
from gateway.errors import ConfigError, SourceLost, SpoolError
from gateway.journal.folder import MOUNTS, network_file_system
from gateway.journal.inspect import answer_alone
from gateway.journal.room import RESERVE_BYTES
from gateway.listen import host_of, port_of
from gateway.sinks.kafka_door import door_of
from gateway.sinks.kafka_exam import Exam
from gateway.sinks.kafka_words import Failure, unavailable
from gateway.sources.mqtt_ear import heard
from gateway.sources.port_holders import holders_of
from gateway.sources.port_names import better_name
from gateway.sources.port_trouble import explained

CONNECT_S = 3.0
FEWEST_PARTITIONS = 3
SHOWN_HOLDERS = 3
Answer = dict[str, Any]


def outside(config: Config, running: Answer | None) -> Iterator[Finding]:
    """Ports, brokers, clock and disk.

    Args:
        config: what is to run.
        running: what the gateway says that runs with this journal; None: none runs.
    """
    for path in [one.port for one in config.serial] + [one.port for one in config.modbus if one.host is None]:
        yield port(str(path), None if running is None else running["pid"])
    for bus in config.modbus:
        if bus.host is not None:
            yield server("modbus", bus.host, int(bus.port or 502))
    for number, options in enumerate(config.mqtt):
        try:
            broker = broker_of(options, "")
            list(heard(broker, [], 0))
        except ConfigError as exc:
            yield failed("mqtt", options.host, f"mqtt[{number + 1}].{exc}", EX_CONFIG)
        except SourceLost as exc:
            yield failed("mqtt", f"{options.host}:{options.port}", str(exc), EX_UNAVAILABLE)
        else:
            yield ok("mqtt", f"{options.host}:{options.port}", "lets us in")
    yield from kafka(config)
    yield clock()
    yield disk(config.journal.path, config.journal.max_bytes)
    if config.health is not None and running is None:
        yield listening(config.health.listen)


def inside(config: Config, running: Answer | None) -> Iterator[Finding]:
    """Versions, the running gateway and its journal."""
    yield ok("versions", "", _versions())
    yield ok("java", "", "not needed: only Kafka's broker and the Spark jobs run on it")
    if running is None:
        yield warning(
            "gateway", "", "none runs with this journal: start it with `gateway --config FILE`, or its service"
        )
    elif running["unready"]:
        reasons = "; ".join(one["detail"] for one in running["unready"])
        yield warning("gateway", f"PID {running['pid']}", f"runs, but: {reasons}")
    else:
        yield ok("gateway", f"PID {running['pid']}", f"runs: {running['state']}")
    yield from journal(config.journal.path, running)


def port(url: str, our_pid: int | None) -> Finding:
    """A serial port, without opening it: that would reset many boards, and disturb who has it open."""
    if "://" in url:
        scheme, _, rest = url.partition("://")
        place = rest.partition("?")[0].partition("/")[0]
        if scheme in {"socket", "rfc2217"}:
            host, _, number = place.rpartition(":")
            return server("port", host.strip("[]"), int(number) if number.isdecimal() else 0, url)
        return warning("port", url, f"what {scheme}:// needs cannot be looked at without opening it")
    try:
        is_device = stat.S_ISCHR(Path(url).stat().st_mode)
    except OSError as exc:
        code = EX_NOPERM if isinstance(exc, PermissionError) else EX_NOINPUT
        return failed("port", url, explained(url, exc), code)
    if not is_device:
        return failed(
            "port", url, "is no serial port: correct the port (`gateway ports` lists what is there)", EX_NOINPUT
        )
    if not os.access(url, os.R_OK | os.W_OK):
        return failed("port", url, explained(url, PermissionError(13, "Permission denied")), EX_NOPERM)
    holders = holders_of(url)
    if others := [one for one in holders if one.pid != our_pid]:
        more = f" and {len(others) - SHOWN_HOLDERS} more" if len(others) > SHOWN_HOLDERS else ""
        words = f"in use by {' and '.join(map(str, others[:SHOWN_HOLDERS]))}{more}: stop that first"
        return failed("port", url, words, EX_TEMPFAIL)
    if (stable := better_name(url)) is not None:
        return warning("port", url, f"works, but a replug may change this name: use {stable}")
    return ok("port", url, "the gateway has it open" if holders else "is there, free, and permitted")


def server(check: str, host: str, number: int, place: str | None = None) -> Finding:
    """Whether something listens."""
    place = place or f"{host}:{number}"
    try:
        socket.create_connection((host, number), CONNECT_S).close()
    except (OSError, OverflowError) as exc:
        words = f"does not answer ({exc}): check address and port, that it is on, and firewalls"
        return failed(check, place, words, EX_UNAVAILABLE)
    return ok(check, place, "answers")


def kafka(config: Config) -> Iterator[Finding]:
    """The brokers, the topic, and whether we may write to it; nothing is written."""
    options = config.kafka
    place = ", ".join(options.bootstrap_servers)
    try:
        door = door_of(options)
    except ConfigError as exc:
        yield failed("kafka", place, str(exc), EX_CONFIG)
        return
    yield from _topic(Exam(door, options.topic), place, FEWEST_PARTITIONS)
    if options.rejected_topic:
        for one in _topic(Exam(door, options.rejected_topic), place, 1):
            if one.verdict == "failed":  # of no consequence for readings
                one = warning(one.check, one.place, f'{one.words}; or set rejected_topic = ""')
            if one.check == "topic":
                yield one


def _topic(exam: Exam, place: str, fewest: int) -> Iterator[Finding]:
    facts = exam.facts()
    if isinstance(facts, Failure):
        check = "topic" if facts.kind in {"no_topic", "forbidden"} else "kafka"
        if check == "topic":
            yield ok("kafka", place, f"lets us in ({exam.door.protocol})")
        words = str(unavailable(facts, exam.door.servers, exam.topic))
        yield failed(check, exam.topic if check == "topic" else place, words, EX_UNAVAILABLE)
        return
    yield ok("kafka", place, f"lets us in ({exam.door.protocol})")
    if not facts.may_write:
        words = "this client may look at the topic, not write to it: ask for the permission WRITE"
        yield failed("topic", exam.topic, words, EX_UNAVAILABLE)
    elif facts.partitions < fewest:
        words = f"has {facts.partitions} partitions: give it {fewest} or more, so that consumers can share the work"
        yield warning("topic", exam.topic, words)
    else:
        yield ok("topic", exam.topic, f"has {facts.partitions} partitions, and we may write to it")


def clock() -> Finding:
    """Whether the wall clock can be believed."""
    now_s = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now_s))
    if now_s < RELEASED_AT.timestamp():
        words = "it is before this program was written: set it, or let NTP (`timedatectl set-ntp true`)"
        return failed("clock", shown, words, EX_CONFIG)
    match is_synchronized():
        case True:
            return ok("clock", shown, "synchronized")
        case False:
            words = "not synchronized: readings carry this machine's time; `timedatectl set-ntp true`"
            return warning("clock", shown, words)
        case _:
            return ok("clock", shown, "whether it is synchronized cannot be seen here")


def disk(path: Path, max_bytes: int) -> Finding:
    """Room and rights for the journal."""
    folder = next(one for one in path.absolute().parents if one.exists())
    if kind := network_file_system(folder, MOUNTS.read_text()):
        words = f"is on a network file system ({kind}), where a commit is not safe: put journal.path on a local disk"
        return failed("disk", str(folder), words, EX_IOERR)
    if not os.access(folder, os.W_OK | os.X_OK):
        words = "this user may not write there: run it as the gateway's user, or change journal.path"
        return failed("disk", str(folder), words, EX_NOPERM)
    room = os.statvfs(folder)
    free_bytes = room.f_bavail * room.f_frsize
    shown = f"{free_bytes / 1e6:,.0f} MB free"
    if free_bytes < RESERVE_BYTES:
        return failed("disk", str(folder), f"{shown}: too little for the journal; make room", EX_IOERR)
    if free_bytes < max_bytes:
        words = f"{shown}, less than the journal may become ({max_bytes / 1e6:,.0f} MB): make room, or lower max_bytes"
        return warning("disk", str(folder), words)
    return ok("disk", str(folder), shown)


def journal(path: Path, running: Answer | None) -> Iterator[Finding]:
    """What is in it, and what was put aside."""
    yield _waiting(path, running)
    for aside in sorted(path.parent.glob(f"{path.name}.bad-*[0-9Z]")):
        words = (
            "a damaged journal that was put aside; what could be read of it was kept: delete it when nobody needs it"
        )
        yield warning("journal", str(aside), words)


def _waiting(path: Path, running: Answer | None) -> Finding:
    if running is None and not path.exists():
        return ok("journal", str(path), "does not exist yet; the gateway makes it")
    try:
        found = running or answer_alone(path, {"command": "status"})
    except SpoolError as exc:
        return failed("journal", str(path), str(exc), exit_code(exc))
    words = f"{found['waiting']} readings wait for Kafka, {found['quarantined']} in quarantine"
    if found["quarantined"]:
        return warning("journal", str(path), f"{words}: `gateway spool quarantine` shows them with their reasons")
    return ok("journal", str(path), words)


def listening(listen: str) -> Finding:
    """Whether the health port can be had."""
    host, number = host_of(listen), port_of(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            link.bind((host, number))
    except OSError as exc:
        words = (
            f"cannot be had ({exc.strerror or exc}): `ss -ltnp 'sport = :{number}'` names who has it; see health.listen"
        )
        return warning("health port", listen, words)
    return ok("health port", listen, "is free")


def _versions() -> str:
    parts = [f"gateway {__version__}", f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for package in ("kafka-python-ng", "confluent-kafka", "paho-mqtt", "pyserial", "pymodbus"):
        try:
            parts.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(parts)
