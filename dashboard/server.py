import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dashboard.events import say

LAST_WORDS_S = 1  # for answers under way when the dashboard ends
# What any browser can bring about, as often as it likes: not ours to tell.
OF_BROWSERS = {"Invalid HTTP request received.", "ASGI callable returned without completing response."}
IDLE_S = 10.0  # for a request to be whole, and for the next one


class Connection(H11Protocol):
    """One connection of a browser; ended when there are too many, and when no whole request comes on it for a while."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """See asyncio."""
        super().connection_made(transport)
        most, self.limit_concurrency = self.limit_concurrency, None  # uvicorn's own answer says not when to come back
        if most is not None and len(self.connections) > most:
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        self._stop_waiting()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """See uvicorn."""
        self._stop_waiting()
        self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._patience = self.loop.call_later(IDLE_S, self._give_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


class Told(logging.Handler):
    """uvicorn's complaints, in our words: one line each, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        exc = record.exc_info[1] if record.exc_info else None
        words = record.getMessage().partition("\n")[0]
        if words not in OF_BROWSERS:
            say("server_error", reason=words, error=repr(exc) if exc else None)


class Server(uvicorn.Server):
    """uvicorn on a socket that is open already; ends at once, also with browsers connected, and with exit code 0.

    Args:
        on_end: called first when it ends: streams have no end of their own.
    """

    def __init__(
        self, app: Any, tls: tuple[Path, Path] | None, max_connections: int, on_end: Callable[[], None]
    ) -> None:
        certificate, key = tls or (None, None)
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=max_connections,
                timeout_keep_alive=60,  # ours, above, is over first
                timeout_graceful_shutdown=LAST_WORDS_S,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        self._on_end = on_end
        log = logging.getLogger("uvicorn.error")
        log.handlers, log.propagate = [Told(logging.WARNING)], False

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        self._on_end()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """End on SIGTERM and SIGINT; uvicorn would raise them again when it is done."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        yield

    def _end(self) -> None:
        self.should_exit = True
