import socket
import threading
from collections.abc import Iterator

import pytest

from dashboard import server
from dashboard.listen import Address, bind
from dashboard.server import Server

ANSWER = b"HTTP/1.1 200 OK"


async def app(scope: object, receive: object, send: object) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})  # type: ignore[operator]  # ASGI
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]  # ASGI


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server in a thread that gives up after 0.3 s and takes two connections."""
    monkeypatch.setattr(server, "IDLE_S", 0.3)
    monkeypatch.setattr(Server, "capture_signals", server.uvicorn.Server.capture_signals)  # they are the main thread's
    listening = bind(Address("127.0.0.1", 0))
    running = Server(app, None, max_connections=2, on_end=lambda: None)
    thread = threading.Thread(target=running.run, args=([listening],))
    thread.start()
    yield listening.getsockname()[1]
    running.should_exit = True
    thread.join()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10)


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_who_asks_for_nothing_is_not_waited_for(port: int, said: bytes) -> None:
    with connected(port) as browser:
        browser.sendall(said)
        assert browser.recv(1000) == b""


def test_who_has_asked_may_ask_again_for_a_while(port: int) -> None:
    with connected(port) as browser:
        for _ in range(3):
            browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert browser.recv(1000).startswith(ANSWER)
        browser.sendall(b"GET / HTTP/1.1\r\n")
        assert browser.recv(1000) == b""


def test_more_connections_than_allowed_are_ended(port: int) -> None:
    with connected(port) as first, connected(port) as second:
        for browser in (first, second):
            browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert browser.recv(1000).startswith(ANSWER)
        with connected(port) as third:
            assert _is_ended(third)


def _is_ended(browser: socket.socket) -> bool:
    try:
        browser.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return browser.recv(1000) == b""
    except ConnectionError:
        return True


def test_what_browsers_bring_about_is_not_logged(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    with connected(port) as browser:
        browser.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
        assert b"400" in browser.recv(1000)
    assert capsys.readouterr().err == ""
