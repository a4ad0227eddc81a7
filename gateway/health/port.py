"""The health port: /metrics, /healthz and /readyz over HTTP, read-only."""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from gateway.errors import SpoolError
from gateway.health.metrics import CONTENT_TYPE, rendered
from gateway.health.snapshot import JournalSize, Snapshot, unready
from gateway.health_options import HealthOptions
from gateway.http_server import Limits, Request, Response, json_response, serving
from gateway.listen import host_of, port_of

log = structlog.get_logger()

# A health check asks once and waits; whoever wants more than this is not one.
LIMITS = Limits(max_body_bytes=1024, max_connections=16, idle_s=30.0, request_s=5.0, write_s=5.0, last_answers_s=0.2)
RETRY_S = 10.0
JOURNAL_S = 2.0  # how long /metrics waits for the journal's thread
FRESH_S = 1.0  # asked more often, it says the same again: rendering costs the event loop some milliseconds
PATHS = ("/metrics", "/healthz", "/readyz")


class HealthPort:
    """Tells how the gateway is to whoever asks.

    Args:
        options: where.
        look: how it is now.
        measure: how large its journal is; may take long, or raise SpoolError.
        monotonic: seconds.
        now_s: Unix time.
    """

    def __init__(
        self,
        options: HealthOptions,
        look: Callable[[], Snapshot],
        measure: Callable[[], Awaitable[JournalSize]],
        monotonic: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._options = options
        self._look = look
        self._measure = measure
        self._monotonic = monotonic
        self._now_s = now_s
        self._metrics = b""
        self._metrics_at_s = float("-inf")
        self._rendering = asyncio.Lock()
        self.port: int | None = None  # the real one while it listens

    async def run(self) -> NoReturn:
        """Listen until cancelled. A port that cannot be had is told once, and tried again: readings go on."""
        host, port = host_of(self._options.listen), port_of(self._options.listen)
        told = False
        while True:
            try:
                async with serving(host, port, self.answer, LIMITS) as self.port:
                    if told:
                        log.info("health_port_open", listen=self._options.listen)
                    await asyncio.Event().wait()  # for ever
            except OSError as exc:
                if not told:
                    log.error("health_port_failed", error=self._explained(exc), effect="readings go on; tried again")
                told = True
            finally:
                self.port = None
            await asyncio.sleep(RETRY_S)

    async def answer(self, request: Request) -> Response:
        """See http_server."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        snapshot = self._look()
        match request.path:
            case "/healthz":
                status = 503 if snapshot.stuck else 200
                return json_response(status, {"alive": not snapshot.stuck, "stuck": snapshot.stuck})
            case "/readyz":
                reasons = unready(snapshot)
                return json_response(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})
            case _:
                return Response(200, await self._fresh_metrics(), CONTENT_TYPE)

    async def _fresh_metrics(self) -> bytes:
        async with self._rendering:  # one for all who ask meanwhile
            if self._monotonic() - self._metrics_at_s >= FRESH_S:
                size = await self._measured()
                self._metrics = rendered(self._look(), size, self._now_s())
                self._metrics_at_s = self._monotonic()
            return self._metrics

    async def _measured(self) -> JournalSize | None:
        try:
            async with asyncio.timeout(JOURNAL_S):
                return await self._measure()
        except (TimeoutError, SpoolError):
            return None

    def _refusal(self, request: Request) -> Response | None:
        if not self._is_meant(request.headers.get("host", "")):
            # A page in a browser of this machine can make its own name point here, and would read the answer.
            return json_response(
                403,
                {
                    "error": "foreign_host",
                    "detail": f"{request.headers['host'][:100]!r} is not a name of this gateway",
                    "remedy": "ask for its address or localhost, or add the name to health.hosts",
                },
            )
        if request.path not in PATHS:
            remedy = f"one of {', '.join(PATHS)}"
            return json_response(404, {"error": "no_such_path", "detail": request.path[:100], "remedy": remedy})
        if request.method not in {"GET", "HEAD"}:
            refused = {"error": "bad_method", "detail": request.method[:20], "remedy": "GET"}
            return json_response(405, refused, ("allow", "GET, HEAD"))
        return None

    def _is_meant(self, host: str) -> bool:
        """Whether a Host header names us: an address, localhost, a configured name, or nothing (HTTP/1.0)."""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return name.lower() in {"", "localhost", *self._options.hosts}
        return True

    def _explained(self, error: OSError) -> str:
        port = port_of(self._options.listen)
        return (
            f"cannot listen on {self._options.listen} ({error.strerror or error}): "
            f"`ss -ltnp 'sport = :{port}'` names the program that has it; another address goes into health.listen"
        )
