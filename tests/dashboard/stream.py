import json
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from sandbox.waiting import wait_until

PATIENCE_S = 30.0


class Stream:
    """A browser that follows /events: what it would show, put together of snapshot and deltas.

    Attributes:
        status: of the answer; None as long as there is none.
        state: the content of the snapshot, with every delta in it; tiles by their id.
        events: the names of the events so far.
        ended: the server, or the network, has ended it.
    """

    def __init__(self, url: str, headers: dict[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        place = urlsplit(url)
        self._socket = socket.create_connection((place.hostname, place.port), 10)
        if tls:
            self._socket = tls.wrap_socket(self._socket, server_hostname=place.hostname)
        told = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._socket.sendall(f"GET /events HTTP/1.1\r\nHost: {place.netloc}\r\n{told}\r\n".encode())
        self._socket.settimeout(None)
        self.status: int | None = None
        self.state: dict[str, Any] = {}
        self.events: list[str] = []
        self.ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the other side was first
        self._thread.join()
        self._socket.close()

    def tile(self, sensor_id: str) -> dict[str, Any]:
        """What is shown of a sensor; empty: nothing."""
        found: dict[str, Any] = self.state.get("sensors", {}).get(sensor_id, {})
        return found

    def wait(self, check: Callable[[], Any], what: str) -> None:
        """Wait until the page shows something."""
        wait_until(check, PATIENCE_S, what)

    def _read(self) -> None:
        try:
            with self._socket.makefile("rb") as lines:
                self.status = int((lines.readline().split() or (b"", b"0"))[1]) or None
                for line in lines:
                    if line.startswith(b"event: "):
                        name = line[7:].decode().strip()
                    elif line.startswith(b"data: "):
                        self._take(name, json.loads(line[6:]))
        except OSError:
            pass  # the test has ended it
        self.ended = True

    def _take(self, name: str, content: dict[str, Any]) -> None:
        if name == "snapshot":
            self.state = {"sensors": {}, "gone": []}
        if name != "ping":
            tiles = {**self.state["sensors"], **{tile["id"]: tile for tile in content.pop("sensors", ())}}
            for sensor_id in content.get("gone", ()):
                tiles.pop(sensor_id, None)
            for listed in ("alerts", "incidents"):
                known = {one["id"]: one for one in self.state.get(listed, ())}
                content[listed] = list({**known, **{one["id"]: one for one in content.get(listed, ())}}.values())
            content["stats"] = {**self.state.get("stats", {}), **content.get("stats", {})}
            self.state = {**self.state, **content, "sensors": tiles}
        self.events.append(name)
