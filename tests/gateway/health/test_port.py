"""The health port, asked over real connections; what HTTP itself refuses is in test_http_server.py."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.errors import SpoolError
from gateway.health import port as port_module
from gateway.health.port import HealthPort
from gateway.health.snapshot import JournalSize, Snapshot
from gateway.health_options import HealthOptions
from gateway.http_server import Limits
from sandbox.waiting import wait_until
from tests.gateway.health.examples import HEALTHY

SIZE = JournalSize(bytes=4096, max_bytes=8192, disk_free_bytes=1_000_000, oldest_waiting_ms=None)
STUCK = replace(HEALTHY, stuck=["the journal has not finished a commit for 130 s"])
DOWN = replace(HEALTHY, kafka_down_s=3.0, kafka_error="no broker answers")


async def measured() -> JournalSize:
    return SIZE


async def unreadable() -> JournalSize:
    raise SpoolError("the file is damaged")


async def hanging() -> JournalSize:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def listening(
    snapshot: Snapshot = HEALTHY,
    measure: Callable[[], Awaitable[JournalSize]] = measured,
    hosts: tuple[str, ...] = (),
) -> AsyncIterator[HealthPort]:
    door = HealthPort(HealthOptions(listen="127.0.0.1:0", hosts=list(hosts)), lambda: snapshot, measure)
    task = asyncio.create_task(door.run())
    while door.port is None:
        await asyncio.sleep(0)
    yield door
    task.cancel()


async def asked(door: HealthPort, request: bytes) -> tuple[int, str, str]:
    """Status, head and body of the answer to one request, after which the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    async with asyncio.timeout(10):
        writer.write(request)
        answer = (await reader.read()).decode()
    writer.close()
    head, _, body = answer.partition("\r\n\r\n")
    return int(head.split()[1]), head, body


def get(path: str, host: str = "localhost:9108") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def ask(
    request: bytes,
    snapshot: Snapshot = HEALTHY,
    measure: Callable[[], Awaitable[JournalSize]] = measured,
    hosts: tuple[str, ...] = (),
) -> tuple[int, str, str]:
    async def scenario() -> tuple[int, str, str]:
        async with listening(snapshot, measure, hosts) as door:
            return await asked(door, request)

    return asyncio.run(scenario())


def test_metrics_are_text_for_a_scraper() -> None:
    status, head, body = ask(get("/metrics"))
    assert status == 200
    assert "content-type: text/plain; version=0.0.4; charset=utf-8" in head
    assert "\nsuhu_gateway_delivered_total 40.0\n" in body
    assert "\nsuhu_gateway_spool_max_bytes 8192.0\n" in body
    assert "\nprocess_resident_memory_bytes " in body


@pytest.mark.parametrize(
    ("path", "snapshot", "status", "body"),
    [
        ("/healthz", HEALTHY, 200, {"alive": True, "stuck": []}),
        ("/healthz", DOWN, 200, {"alive": True, "stuck": []}),  # a restart would not bring Kafka back
        ("/healthz", STUCK, 503, {"alive": False, "stuck": ["the journal has not finished a commit for 130 s"]}),
        ("/readyz", HEALTHY, 200, {"ready": True, "reasons": []}),
        (
            "/readyz?verbose",
            DOWN,
            503,
            {"ready": False, "reasons": [{"reason": "kafka_down", "detail": "no broker answers (for 3 s)"}]},
        ),
    ],
)
def test_health_is_a_status_and_its_reasons(path: str, snapshot: Snapshot, status: int, body: object) -> None:
    got, _, text = ask(get(path), snapshot)
    assert (got, json.loads(text)) == (status, body)


@pytest.mark.parametrize("measure", [unreadable, hanging])
def test_a_journal_that_does_not_answer_keeps_nobody_from_the_other_metrics(
    measure: Callable[[], Awaitable[JournalSize]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_module, "JOURNAL_S", 0.1)
    status, _, body = ask(get("/metrics"), measure=measure)
    assert status == 200
    assert "suhu_gateway_delivered_total 40.0" in body
    assert "suhu_gateway_spool_bytes" not in body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:9108", 200),
        ("127.0.0.1:9108", 200),
        ("[::1]:9108", 200),
        ("[::1]", 200),
        ("192.0.2.7", 200),
        ("gw.example:9108", 200),
        ("evil.example", 403),
        ("localhost.evil.example:9108", 403),
        ("127.0.0.1.evil.example", 403),
        ("[evil]", 403),
    ],
)
def test_only_its_own_names_are_answered_so_that_no_web_page_can_ask_under_another(host: str, status: int) -> None:
    got, _, body = ask(get("/metrics", host), hosts=("gw.example",))
    assert got == status
    assert ("remedy" in body) == (status == 403)


def test_a_request_without_a_host_is_from_no_browser() -> None:
    assert ask(b"GET /healthz HTTP/1.0\r\n\r\n")[0] == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get("/"), 404),
        (get("/metrics/../etc/passwd"), 404),
        (get("/" + "x" * 4000), 404),
        (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 405),
        (b"DELETE /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 405),
        (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1025\r\nConnection: close\r\n\r\n", 413),
        (b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),  # TLS
        (b"GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    ],
)
def test_a_senseless_request_is_refused_with_a_remedy(request_bytes: bytes, status: int) -> None:
    got, _, body = ask(request_bytes)
    assert got == status
    assert "remedy" in json.loads(body)
    assert len(body) < 500


def test_slow_and_many_clients_leave_room_for_others_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "LIMITS", Limits(max_connections=3, request_s=0.3, idle_s=0.3))

    async def scenario() -> list[int]:
        async with listening() as door:
            slow = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(3)]
            for _, writer in slow:
                writer.write(b"GET /metr")  # and never the rest
            crowded, _, _ = await asked(door, get("/healthz"))
            told = [int((await reader.read()).split()[1]) for reader, _ in slow]
            for _, writer in slow:
                writer.close()
            async with asyncio.timeout(10):
                while (later := (await asked(door, get("/healthz")))[0]) == 503:  # it has yet to see that they are gone
                    pass
            return [crowded, *told, later]

    assert asyncio.run(scenario()) == [503, 408, 408, 408, 200]


def test_who_asks_all_the_time_is_given_the_same_answer_for_a_second() -> None:
    looks = 0

    def look() -> Snapshot:
        nonlocal looks
        looks += 1
        return replace(HEALTHY, delivered_total=looks)

    now_s = 100.0

    async def scenario() -> list[int]:
        nonlocal now_s
        door = HealthPort(HealthOptions(listen="127.0.0.1:0"), look, measured, monotonic=lambda: now_s)
        task = asyncio.create_task(door.run())
        while door.port is None:
            await asyncio.sleep(0)
        bodies = [(await asked(door, get("/metrics")))[2] for _ in range(3)]
        now_s += 1.0
        bodies.append((await asked(door, get("/metrics")))[2])
        task.cancel()
        return [bodies.index(body) for body in bodies]

    assert asyncio.run(scenario()) == [0, 0, 0, 3]


def test_a_port_in_use_is_told_once_and_taken_when_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_module, "RETRY_S", 0.01)

    async def scenario() -> tuple[int, str]:
        with socket.create_server(("127.0.0.1", 0)) as other:
            listen = f"127.0.0.1:{other.getsockname()[1]}"
            door = HealthPort(HealthOptions(listen=listen), lambda: HEALTHY, measured)
            task = asyncio.create_task(door.run())
            await asyncio.to_thread(wait_until, lambda: len(said) > 0, 10, "the words")
            for _ in range(5):
                await asyncio.sleep(0.02)  # it has tried again meanwhile
        while door.port is None:
            await asyncio.sleep(0.01)
        status, _, _ = await asked(door, get("/healthz"))
        task.cancel()
        return status, listen

    with capture_logs() as said:
        status, listen = asyncio.run(scenario())
    assert status == 200
    assert [one["event"] for one in said] == ["health_port_failed", "health_port_open"]
    assert f"cannot listen on {listen}" in said[0]["error"]
    assert "ss -ltnp" in said[0]["error"]
    assert said[0]["effect"] == "readings go on; tried again"
