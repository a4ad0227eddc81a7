import asyncio
import struct
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Protocol, Self

READ_BYTES = 65_536
PRODUCE = 0  # Kafka's API key (https://kafka.apache.org/protocol, "Api Keys")
Transform = Callable[[bytes], bytes]


class Tap(Protocol):
    """Sees the bytes of one connection before they pass."""

    def request(self, data: bytes) -> None:
        """From the client."""

    def answer(self, data: bytes) -> None:
        """From the server."""


class Proxy:
    """A TCP proxy on loopback that can be slow, stand still, cut, and lose Kafka's answers. Lives in a thread.

    In front of Kafka it writes its own port over the broker's in the answers, for a client follows the address
    that the broker tells it.

    Args:
        target_port: where the server listens, on loopback.
        make_tap: makes what sees the bytes of one connection.
        hosts: the addresses where it listens.
        name: what clients call it; as long as 127.0.0.1.
    """

    def __init__(
        self,
        target_port: int,
        make_tap: Callable[[], Tap] | None = None,
        *,
        hosts: Sequence[str] = ("127.0.0.1",),
        name: str = "127.0.0.1",
    ) -> None:
        self._target_port = target_port
        self._hosts = hosts
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._answers_to_lose = 0
        self._refusing = False
        self._make_tap = make_tap
        self.delay_s = 0.0  # each way
        self.answers_lost = 0
        self.port = 0

    def freeze(self) -> None:
        """Nothing passes any more in either direction; connections stay open."""
        self._call(self._freeze())

    def reset(self) -> None:
        """Close all connections, with what is on its way in them, and let new ones pass."""
        self._refusing = False
        self._call(self._cut())

    def refuse(self) -> None:
        """Close all connections and every new one, as if nobody listened there; `reset` ends it."""
        self._refusing = True
        self._call(self._cut())

    def lead_to(self, target_port: int) -> None:
        """Close all connections, and lead new ones to another server."""
        self._target_port = target_port
        self.reset()

    def lose_answers(self, count: int) -> None:
        """Let the next `count` produce requests through and close the connection in place of Kafka's answer."""
        self._answers_to_lose = count

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        future: Future[Any] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(10)

    async def _listen(self) -> asyncio.Server:
        first = await asyncio.start_server(self._serve, self._hosts[0], 0)
        port = first.sockets[0].getsockname()[1]
        first.close()
        return await asyncio.start_server(self._serve, self._hosts, port)

    async def _freeze(self) -> None:
        self._open.clear()

    async def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._open.set()

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self._refusing:
                raise ConnectionRefusedError("nobody is here")
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, there_writer}
        self._writers |= ends
        requests = RequestFramer()
        tap = self._make_tap() if self._make_tap else None

        def request(data: bytes) -> bytes:
            if tap:
                tap.request(data)
                return data
            return requests.feed(data)

        def answer(data: bytes) -> bytes:
            if tap:
                tap.answer(data)
                return data
            return self._answer(data, requests)

        pumps = (
            asyncio.create_task(self._pump(reader, there_writer, request)),
            asyncio.create_task(self._pump(there_reader, writer, answer)),
        )
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the end of the test; asyncio's server would log it as an error
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for end in ends:
                end.transport.abort()
            self._writers -= ends

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, look: Transform) -> None:
        while data := await source.read(READ_BYTES):
            await self._open.wait()
            passed = look(data)
            if self.delay_s:
                self._loop.call_later(self.delay_s, sink.write, passed)
            else:
                sink.write(passed)
                await sink.drain()

    def _answer(self, data: bytes, requests: "RequestFramer") -> bytes:
        if self._answers_to_lose and requests.newest_api_key == PRODUCE:
            self._answers_to_lose -= 1
            self.answers_lost += 1
            raise ConnectionResetError("the answer is lost")
        told = struct.pack(">h9si", 9, b"127.0.0.1", self._target_port)
        return data.replace(told, struct.pack(">h9si", 9, self._name.encode(), self.port))


class RequestFramer:
    """Follows a client's bytes to know the API key of its newest Kafka request: size, key, both big-endian."""

    def __init__(self) -> None:
        self.newest_api_key = -1
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Look at the bytes, and return them as they are."""
        self._rest += data
        while len(self._rest) >= 6:
            size, api_key = struct.unpack(">ih", self._rest[:6])
            self.newest_api_key = api_key
            if len(self._rest) < 4 + size:
                break
            self._rest = self._rest[4 + size :]
        return data
