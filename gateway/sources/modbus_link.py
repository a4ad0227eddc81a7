"""A Modbus line or server, and one question at a time. The only file that knows pymodbus."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from gateway.decode.device import Device
from gateway.decode.modbus_rtu import whole_answer, whole_tcp_answer
from gateway.errors import SourceLost
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.port_trouble import explained
from gateway.sources.serial_options import SerialOptions
from gateway.sources.serial_port import PORT_ERRORS, open_port

logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)  # what it has to say is in our own words

T = TypeVar("T")
CONNECT_S = 5.0
NEVER_S = 3600.0  # pymodbus's own time limit: after a few misses it hangs up on all devices, so it gets no chance
NETWORK_PAUSE_S = 3.0  # between two attempts, see SourceLost; as with MQTT brokers (docs/decisions/0011)
PARITY = {"none": "N", "even": "E", "odd": "O"}
BITS_PER_BYTE = 11  # with start, parity and stop bit
SILENT_BYTES = 3.5  # before a request, and no shorter than SILENCE_S (Modbus over serial line V1.02, 2.5.1.1)
SILENCE_S = 0.001_75


@dataclass(frozen=True, slots=True)
class Answer:
    """What came after a request, until its answer was whole or its time was up."""

    raw: bytes  # on a serial line without the request, if the adapter gave it back
    registers: tuple[int, ...] | None = None  # None: there is no answer, or it is an exception
    exception: int | None = None


class ModbusLink:
    """An open link. Answers are found by what they must look like, so echoes, noise and late answers are passed over.

    Args:
        options: where it is.
    """

    def __init__(self, options: ModbusOptions) -> None:
        self._place = options.place
        self._port = options.port
        self._baudrate = options.baudrate
        self._address = options.address()
        self._in_frames = options.host is not None  # Modbus TCP, not the bytes of a serial line
        self._byte_s = 0.0 if self._in_frames else BITS_PER_BYTE / options.baudrate
        self._silence_s = 0.0 if self._in_frames else max(SILENT_BYTES * self._byte_s, SILENCE_S)
        self._asked = Device()
        self._sent = self._heard = b""
        self._heard_s = 0.0
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._client = self._made(options)

    def _made(self, options: ModbusOptions) -> AsyncModbusTcpClient | AsyncModbusSerialClient:
        if self._address is not None:
            host, port = self._address
            return AsyncModbusTcpClient(
                host,
                port=port,
                framer=FramerType.SOCKET if self._in_frames else FramerType.RTU,
                timeout=NEVER_S,
                retries=0,
                reconnect_delay=0,
                trace_packet=self._packet,
                trace_connect=self._connection,
            )
        return AsyncModbusSerialClient(
            str(options.port),
            baudrate=options.baudrate,
            parity=PARITY[options.parity],
            stopbits=options.stopbits,
            timeout=NEVER_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._packet,
            trace_connect=self._connection,
        )

    async def connect(self) -> None:
        """Connect, once.

        Raises:
            SourceLost: with the cause.
        """
        connecting = asyncio.ensure_future(self._client.connect())
        try:
            connected = await _within(connecting, CONNECT_S)
        except PORT_ERRORS as exc:
            raise SourceLost(explained(self._place, exc)) from exc
        if not connected:
            await self._explain()

    def close(self) -> None:
        """Let go of port or connection."""
        self._client.close()

    async def idle(self, pause_s: float) -> None:
        """Wait, as long as the link holds.

        Raises:
            SourceLost: it dropped.
        """
        await asyncio.wait([self._lost], timeout=max(pause_s, 0))
        self._require()

    async def ask(self, device: Device, timeout_s: float) -> Answer:
        """Read the device's registers.

        Args:
            device: what to ask for.
            timeout_s: how long the device may take, besides the time that the bytes take on a serial line.

        Raises:
            SourceLost: the link dropped.
        """
        await self.idle(self._heard_s + self._silence_s - time.monotonic())
        self._asked, self._sent, self._heard = device, b"", b""
        read = self._client.read_input_registers if device.function == 4 else self._client.read_holding_registers
        asking = asyncio.ensure_future(read(device.start, count=device.count, device_id=device.unit_id))
        try:
            response = await _within(asking, timeout_s + _bytes_on_line(device) * self._byte_s, self._lost)
        except ModbusException:
            response = None
        self._heard_s = time.monotonic()
        self._require()
        if response is None:
            return Answer(self._heard)
        if response.isError():
            return Answer(self._heard, exception=response.exception_code)
        return Answer(self._heard, tuple(response.registers))

    def _packet(self, sending: bool, data: bytes) -> bytes:
        """Called with each request, and with all that has come since: what pymodbus takes for the answer."""
        if sending:
            self._sent = data
            return data
        if self._in_frames:
            self._heard = data
            return whole_tcp_answer(data, self._sent, self._asked) or b""
        self._heard = data.removeprefix(self._sent)
        return whole_answer(self._heard, self._asked) or b""

    def _connection(self, is_up: bool) -> None:
        if not is_up and not self._lost.done():
            self._lost.set_result(None)

    def _require(self) -> None:
        if self._lost.done():
            if self._address is None:
                raise SourceLost(f"{self._place}: the device is gone")
            raise SourceLost(f"{self._place} has closed the connection: look into its log", NETWORK_PAUSE_S)

    async def _explain(self) -> None:
        """Try once more in a way that says why; pymodbus keeps it to itself."""
        if self._address is None:
            async with open_port(SerialOptions(port=str(self._port), baudrate=self._baudrate)):
                raise SourceLost(f"{self._place} could not be opened with these parity and stopbits: check them")
        try:
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(*self._address)
        except TimeoutError:
            cause = f"no connection within {CONNECT_S:g} s"
        except OSError as exc:
            cause = str(exc)
        else:
            writer.close()
            cause = "it was away for a moment"
        raise SourceLost(f"{self._place}: {cause}: check address, network and server", NETWORK_PAUSE_S)


@asynccontextmanager
async def open_link(options: ModbusOptions) -> AsyncIterator[ModbusLink]:
    """Connect on entry, let go on exit.

    Raises:
        SourceLost: it cannot be opened.
    """
    link = ModbusLink(options)
    try:
        await link.connect()
        yield link
    finally:
        link.close()


def _bytes_on_line(device: Device) -> int:
    """The request, its echo, and the answer."""
    return 8 + 8 + 5 + 2 * device.count


async def _within(task: asyncio.Future[T], timeout_s: float, end: asyncio.Future[None] | None = None) -> T | None:
    """The task's result; None when the time was up or `end` came first. The task is over in any case.

    pymodbus awaits with `wait_for`, which on Python 3.11 can swallow a cancellation: its coroutines get a task of their
    own, so that it is not ours that is swallowed.
    """
    awaited: list[asyncio.Future[Any]] = [task] if end is None else [task, end]
    try:
        await asyncio.wait(awaited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task])
    return None if task.cancelled() else task.result()
