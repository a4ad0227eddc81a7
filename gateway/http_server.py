"""A small HTTP/1.1 server on the event loop: h11 reads and writes the protocol, this file owns sockets and limits."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import h11

READ_BYTES = 65_536
MAX_HEAD_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server gives its clients."""

    max_body_bytes: int = 65_536
    max_connections: int = 64
    idle_s: float = 60.0  # until a kept connection asks again
    request_s: float = 10.0  # from a request's first byte to its last; a client that trickles is cut off
    write_s: float = 10.0  # for a client to take its answer
    last_answers_s: float = 2.0  # on closing, for requests that are being handled


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole."""

    method: str
    path: str  # without the query
    headers: dict[str, str]  # by lower-case name; the last of several
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


Handle = Callable[[Request], Awaitable[Response]]


def json_response(status: int, document: dict[str, Any], *headers: tuple[str, str]) -> Response:
    """An answer for a program; errors carry `error`, `detail` and `remedy`."""
    return Response(status, json.dumps(document, ensure_ascii=False).encode() + b"\n", headers=headers)


@asynccontextmanager
async def serving(host: str, port: int, handle: Handle, limits: Limits) -> AsyncIterator[int]:
    """Serve as long as the context lives; yields the port.

    Args:
        host: one address to listen on.
        port: 0 for any free one.
        handle: gives the answer; what it raises is a mistake of ours and ends in a 500.
        limits: see Limits.

    Raises:
        OSError: the address is in use or not ours.
    """
    connections: dict[asyncio.Task[None], _Connection] = {}

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = sum(not one.crowded for one in connections.values())
        if len(connections) >= 2 * limits.max_connections:
            writer.close()  # not even time for words
            return
        connection = _Connection(reader, writer, handle, limits, crowded=served >= limits.max_connections)
        task = asyncio.create_task(connection.run(), name="http connection")
        connections[task] = connection
        task.add_done_callback(lambda done: connections.pop(done))

    server = await asyncio.start_server(accept, host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        tasks = list(connections)
        busy = [task for task, connection in connections.items() if connection.closing()]
        if busy:
            await asyncio.wait(busy, timeout=limits.last_answers_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Refused(Exception):
    """The request gets this answer and the connection ends."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__()


class _Connection:
    """One client's connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handle: Handle,
        limits: Limits,
        *,
        crowded: bool,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._limits = limits
        self.crowded = crowded  # it is only told so
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self._handling = False
        self._closing = False

    async def run(self) -> None:
        """Answer request after request, until the client has enough or breaks a rule."""
        try:
            if refusal := await self._answer_all():
                await self._answer(refusal)
                await self._drain()
        except (OSError, TimeoutError, h11.LocalProtocolError):
            pass  # the client is gone, or has stopped in the middle
        finally:
            self._writer.close()

    def closing(self) -> bool:
        """Take no further request. True: one is being handled, and its answer is worth waiting for."""
        self._closing = True
        if not self._handling:
            self._writer.close()
        return self._handling

    async def _answer_all(self) -> Response | None:
        """Answer until the client is done; what it is to be told when it may not go on."""
        if self.crowded:
            return _error(503, "crowded", "too many connections", "close some, or try again later")
        try:
            while (request := await self._next_request()) is not None:
                self._handling = True
                await self._answer(await self._handled(request), head_only=request.method == "HEAD")
                self._handling = False
                if (
                    self._closing
                    or self._protocol.our_state is not h11.DONE
                    or self._protocol.their_state is not h11.DONE
                ):
                    break
                self._protocol.start_next_cycle()
        except _Refused as refused:
            return refused.response
        except h11.RemoteProtocolError as exc:
            return _error(exc.error_status_hint, "bad_request", str(exc), "speak HTTP/1.1")
        return None

    async def _drain(self) -> None:
        """Let the client read its answer: closing with unread input would reset the connection first."""
        self._writer.write_eof()
        async with asyncio.timeout(self._limits.last_answers_s):
            while await self._reader.read(READ_BYTES):
                pass

    async def _handled(self, request: Request) -> Response:
        try:
            return await self._handle(request)
        except Exception as exc:  # one request must not end the server
            return _error(500, "failed", repr(exc), "this is a mistake of the gateway: report it")

    async def _next_request(self) -> Request | None:
        """The next whole request; None when the client asks no more."""
        try:
            if not self._protocol.trailing_data[0]:
                async with asyncio.timeout(self._limits.idle_s):
                    self._protocol.receive_data(await self._reader.read(READ_BYTES))
        except TimeoutError:
            return None
        try:
            async with asyncio.timeout(self._limits.request_s):
                return await self._request()
        except TimeoutError:
            words = f"the request was not complete within {self._limits.request_s:g} s"
            raise _Refused(_error(408, "too_slow", words, "send it in one go")) from None

    async def _request(self) -> Request | None:
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
        declared = headers.get("content-length", "0")
        self._check_size(int(declared) if len(declared) < 20 else self._limits.max_body_bytes + 1)
        if self._protocol.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            self._check_size(len(body))
        if not isinstance(event, h11.EndOfMessage):
            return None
        path = head.target.decode("latin-1").partition("?")[0]
        return Request(head.method.decode("latin-1"), path, headers, bytes(body))

    def _check_size(self, size: int) -> None:
        limit = self._limits.max_body_bytes
        if size > limit:
            raise _Refused(
                _error(413, "too_large", f"a body of more than {limit} bytes", "send fewer readings at once")
            )

    async def _event(self) -> Any:
        while (event := self._protocol.next_event()) is h11.NEED_DATA:
            self._protocol.receive_data(await self._reader.read(READ_BYTES))
        return event

    async def _answer(self, response: Response, *, head_only: bool = False) -> None:
        if self._protocol.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        headers = [("content-length", str(len(response.body))), ("content-type", response.content_type)]
        headers += list(response.headers)
        if self._protocol.their_state is not h11.DONE:  # its request was not read to the end
            headers.append(("connection", "close"))
        await self._send(h11.Response(status_code=response.status, headers=headers))
        if response.body and not head_only:
            await self._send(h11.Data(data=response.body))
        await self._send(h11.EndOfMessage())

    async def _send(self, event: Any) -> None:
        data = self._protocol.send(event)
        if data:
            self._writer.write(data)
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()


def _error(status: int, error: str, detail: str, remedy: str) -> Response:
    return json_response(status, {"error": error, "detail": detail, "remedy": remedy})
