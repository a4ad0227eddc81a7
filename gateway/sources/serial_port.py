"""The one file that knows pyserial: it opens, configures and locks a port; reading is ours.

`readline()` of pyserial costs 300 times more than `os.read` and returns half lines on a timeout
(docs/decisions/0004-reading-serial-ports.md).
"""

import asyncio
import fcntl
import os
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import serial

from gateway.errors import SourceLost
from gateway.sources.blocking import finished
from gateway.sources.port_trouble import explained
from gateway.sources.serial_flow import Flow, tick_s
from gateway.sources.serial_options import SerialOptions

READ_BYTES = 65_536
# What a port call may raise: pyserial translates some of it, and not everywhere (TypeError: closed in another thread).
PORT_ERRORS = (serial.SerialException, OSError, termios.error, TypeError, ValueError)
PSEUDO_TERMINALS = "/dev/pts/"
POLL_S = 0.2  # of the URL handlers that have no file descriptor, such as rfc2217://


@asynccontextmanager
async def open_port(options: SerialOptions) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a device path or a pyserial URL (`socket://host:port`, `rfc2217://…`) exclusively.

    Yields:
        The bytes as they arrive, in chunks.

    Raises:
        SourceLost: on entry when it cannot be opened, from the iterator when the link drops.
    """
    url = options.port
    try:
        port = await finished(partial(_opened, options), undo=_close)
    except PORT_ERRORS as exc:
        raise SourceLost(explained(url, exc)) from exc
    try:
        yield _chunks(url, port)
    finally:
        # close() can wait for a network peer or a stuck driver.
        await asyncio.to_thread(_close, port)


def _opened(options: SerialOptions) -> serial.Serial:
    port = serial.serial_for_url(
        options.port,
        baudrate=options.baudrate,
        bytesize=options.bytesize,
        parity=options.parity[0].upper(),
        stopbits=options.stopbits,
        timeout=POLL_S,
        exclusive=True,
    )
    try:
        _set_up(port, options)
    except PORT_ERRORS:
        _close(port)
        raise
    return port


def _set_up(port: serial.Serial, options: SerialOptions) -> None:
    try:
        fd = port.fileno()
    except OSError:  # a URL without one
        return
    if os.isatty(fd):
        claim(fd)
        if options.low_latency:
            _hurry(port)


def claim(fd: int, pseudo_terminals: str = PSEUDO_TERMINALS) -> None:
    """Keep others from opening this terminal: the lock of pyserial stops only programs that ask for one.

    The kernel forgets the claim with the last close. A pseudo-terminal is still open at the device's end when we are
    killed, so it would stay claimed for ever.
    """
    if not os.ttyname(fd).startswith(pseudo_terminals):
        fcntl.ioctl(fd, termios.TIOCEXCL)


def _hurry(port: serial.Serial) -> None:
    """Let the adapter pass on at once what it has; only some drivers can (ENOTTY)."""
    try:
        port.set_low_latency_mode(True)
    except (ValueError, NotImplementedError):
        pass


async def _chunks(url: str, port: serial.Serial) -> AsyncIterator[bytes]:
    try:
        try:
            fd = port.fileno()
        except OSError:  # io.UnsupportedOperation: the handler reads in a thread of its own
            while True:
                if data := await asyncio.to_thread(_poll, port):
                    yield data
        async for data in _stream(url, fd, tick_s(port.baudrate)):
            yield data
    except PORT_ERRORS as exc:
        raise SourceLost(explained(url, exc)) from exc


async def _stream(url: str, fd: int, tick_s: float) -> AsyncIterator[bytes]:
    os.set_blocking(fd, False)
    flow = Flow(tick_s)
    while True:
        if flow.streams:
            # Ticks of one clock: all busy ports are read at the same moment, and their readings share a commit.
            await asyncio.sleep(tick_s - time.monotonic() % tick_s)
        else:
            await _readable(fd)
        try:
            data = os.read(fd, READ_BYTES)
        except BlockingIOError:
            data = b""
        else:
            # An empty terminal reads like one that is gone, but only the latter is readable all the same.
            if not data and not flow.streams:
                raise SourceLost(f"{url}: the device or the other end is gone")
        flow.note(len(data), time.monotonic())
        if data:
            yield data


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)


def _poll(port: serial.Serial) -> bytes:
    data: bytes = port.read(max(port.in_waiting, 1))
    return data


def _close(port: serial.Serial) -> None:
    try:
        port.close()
    except PORT_ERRORS:
        pass  # the device is gone already; its descriptor is closed all the same
