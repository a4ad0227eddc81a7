"""An HTTP server whose every byte a test decides."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


def answer(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n\r\n".encode() + body


@dataclass
class WebApi:
    """Gives its answers one per request, the last one again and again; None: it accepts, and is silent."""

    answers: list[bytes | None]
    port: int = 0
    asked: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["WebApi"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if given is not None:
                    writer.write(given)
                    await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
