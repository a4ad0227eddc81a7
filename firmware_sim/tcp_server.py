import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from firmware_sim.device import TcpDevice
from firmware_sim.errors import AddressUnavailable
from firmware_sim.frame import Frame
from firmware_sim.outlet import Presence, ignore, until
from firmware_sim.truth import TruthLog

CLIENT_BUFFER_BYTES = 65_536  # what a slow client may be behind before it misses lines


class TcpServer:
    """A device behind a serial-to-network bridge: all clients get the same lines, each after boot_s and a banner.

    pyserial's socket:// throws away what arrived during its open(), hence the silence first.
    """

    def __init__(self, device: TcpDevice, truth: TruthLog, announce: Callable[[str], None]) -> None:
        self.presence = Presence()
        self.on_request: Callable[[bytes], None] = ignore
        self._device = device
        self._truth = truth
        self._announce = announce
        self._port = device.port
        self._server: asyncio.Server
        self._connected: set[asyncio.Transport] = set()
        self._ready: set[asyncio.Transport] = set()  # past the banner

    @property
    def baud(self) -> int | None:
        """Speed of the serial line behind the bridge."""
        return self._device.pace

    @asynccontextmanager
    async def open(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Listen from entry to exit."""
        del tasks  # the event loop serves the clients
        await self._listen()
        try:
            self._announce(f"ready tcp {self._device.name} socket://{self._device.host}:{self._port}")
            yield
        finally:
            self._server.close()
            for transport in self._connected:
                if transport.get_write_buffer_size():
                    transport.abort()  # has not read for too long: its bytes would keep the socket open
                else:
                    transport.close()

    async def interrupt(self, duration_s: float) -> None:
        """Refuse connections on the same port for so long; those there are end with a reset."""
        self._server.close()
        for transport in tuple(self._connected):
            transport.abort()
            self.client_left(transport)
        await asyncio.sleep(duration_s)
        await self._listen()

    async def _listen(self) -> None:
        loop, host = asyncio.get_running_loop(), self._device.host
        try:
            self._server = await loop.create_server(lambda: _Client(self), host, self._port)
        except OSError as exc:
            known = exc.errno is not None and exc.errno > 0  # asyncio's own words repeat the address
            cause = os.strerror(exc.errno or 0) if known else str(exc)
            raise AddressUnavailable(host, self._port, cause) from exc
        self._port = self._server.sockets[0].getsockname()[1]

    def write(self, frame: Frame) -> bool:
        """Dropped in the truth means: at least one client did not get it."""
        if not self._ready:
            return False
        if not frame.data:
            self._truth.note_emitted(frame, time.time_ns())
            return True
        at_ns = time.time_ns()
        missed = False
        for transport in self._ready:
            if transport.get_write_buffer_size() > CLIENT_BUFFER_BYTES:
                missed = True
            else:
                transport.write(frame.data)
        if missed:
            self._truth.note_dropped(frame, at_ns)
        else:
            self._truth.note_emitted(frame, at_ns)
        return True

    async def drained(self) -> None:
        """Wait until the kernel has all bytes; it delivers them even after the process has ended."""
        await until(lambda: not any(transport.get_write_buffer_size() for transport in self._ready))

    def client_came(self, transport: asyncio.Transport) -> None:
        """Boot for this client."""
        self._connected.add(transport)
        asyncio.get_running_loop().call_later(self._device.boot_s, self._booted, transport)

    def client_left(self, transport: asyncio.Transport) -> None:
        """Without any client the device has no power."""
        self._connected.discard(transport)
        self._ready.discard(transport)
        self.presence.set(listening=bool(self._ready))

    def _booted(self, transport: asyncio.Transport) -> None:
        if transport not in self._connected:
            return
        if self._device.banner:
            transport.write(self._device.banner_bytes)
        self._ready.add(transport)
        self.presence.set(listening=True)


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: TcpServer) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_server always passes
        self._transport = transport
        self._server.client_came(transport)

    def data_received(self, data: bytes) -> None:
        self._server.on_request(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._server.client_left(self._transport)
