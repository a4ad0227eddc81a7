import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from firmware_sim.checksums import modbus_crc

PATIENCE_S = 60
XY_MD02 = {"id": "suhu", "reg": 1, "scale": 0.1}
TCP_REQUEST_BYTES, LINE_REQUEST_BYTES = 12, 8


def device(name: str, unit_id: int = 1, **keys: Any) -> dict[str, Any]:
    """A [[modbus.devices]] table."""
    given = {"fields": [XY_MD02], "interval_s": 0.02, "timeout_s": 1.0} | keys
    return {"name": name, "unit_id": unit_id, **given}


class ModbusUnit:
    """A Modbus device that answers a request when a test tells it what: with the bytes behind unit and header.

    Args:
        on_a_line: it speaks as on a serial line, behind a serial server.
    """

    def __init__(self, *, on_a_line: bool) -> None:
        self.port = 0
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._on_a_line = on_a_line
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Listen on a free port of this machine."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            await self.hang_up()

    async def hang_up(self) -> None:
        """Listen no longer, and close all connections."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                request = await reader.readexactly(LINE_REQUEST_BYTES if self._on_a_line else TCP_REQUEST_BYTES)
                answer = await self._told(reader)
                if answer is None:
                    return
                if self._on_a_line:
                    frame = request[:1] + answer
                    writer.write(frame + modbus_crc(frame))
                else:
                    writer.write(request[:4] + (len(answer) + 1).to_bytes(2) + request[6:7] + answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _told(self, reader: asyncio.StreamReader) -> bytes | None:
        """What to answer; None when the client has gone before, and then nothing is lost."""
        told = asyncio.ensure_future(self.answers.get())
        gone = asyncio.ensure_future(reader.read(1))
        await asyncio.wait([told, gone], return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            if told.done():
                self.answers.put_nowait(told.result())
            told.cancel()
            return None
        gone.cancel()
        await asyncio.wait([gone])
        return told.result()
