"""The one file that knows pyserial: it opens, configures and locks a port; reading is ours.

`readline()` of pyserial costs 300 times more than `os.read` and returns half lines on a timeout
(docs/decisions/0004-reading-serial-ports.md).
"""

import asyncio
import errno
import os
import termios
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import serial

from gateway.errors import SourceLost
from gateway.sources.blocking import finished
from gateway.sources.serial_flow import Flow, tick_s

READ_BYTES = 65_536
# What a port call may raise: pyserial translates some of it, and not everywhere (TypeError: closed in another thread).
PORT_ERRORS = (serial.SerialException, OSError, termios.error, TypeError, ValueError)
POLL_S = 0.2  # of the URL handlers that have no file descriptor, such as rfc2217://


@asynccontextmanager
async def open_port(url: str, baudrate: int) -> AsyncIterator[AsyncIterator[bytes]]:
    """Open a device path or a pyserial URL (`socket://host:port`, `rfc2217://…`) exclusively.

    Yields:
        The bytes as they arrive, in chunks.

    Raises:
        SourceLost: on entry when it cannot be opened, from the iterator when the link drops.
    """
    try:
        connect = partial(serial.serial_for_url, url, baudrate=baudrate, timeout=POLL_S, exclusive=True)
        port = await finished(connect, undo=_close)
    except PORT_ERRORS as exc:
        raise SourceLost(explain(url, exc)) from exc
    try:
        yield _chunks(url, port)
    finally:
        # close() can wait for a network peer or a stuck driver.
        await asyncio.to_thread(_close, port)


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
        raise SourceLost(explain(url, exc)) from exc


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


def explain(url: str, exc: BaseException) -> str:
    """Cause and remedy of one of PORT_ERRORS; pyserial hides the errno in some of its exceptions."""
    number = getattr(exc, "errno", None)
    match number:
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"{url} is not there: plug the device in, or correct the port"
        case errno.EACCES | errno.EPERM:
            return (
                f"no permission to open {url}: add this user to the group of the port (dialout on Debian, uucp on Arch)"
            )
        case errno.EAGAIN | errno.EBUSY:
            return f"{url} is in use by another program: stop that one first"
        case errno.EIO:
            return f"{url}: the device is gone"
    if "Inappropriate ioctl" in str(exc):
        return f"{url} is no serial port: correct the port"
    return str(exc) if url in str(exc) else f"{url}: {exc}"
