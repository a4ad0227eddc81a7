import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from dashboard.events import say

LAST_WORDS_S = 1  # for answers under way when the dashboard ends


class Told(logging.Handler):
    """uvicorn's complaints, in our words: one line each, without a traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        exc = record.exc_info[1] if record.exc_info else None
        say("server_error", reason=record.getMessage().partition("\n")[0], error=repr(exc) if exc else None)


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
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=max_connections,
                timeout_keep_alive=10,
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
