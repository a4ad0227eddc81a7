"""Readings that others POST; each request is answered after its commit."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import unquote

from gateway.decode.topic import TopicDecoder
from gateway.errors import ConfigError, SourceLost
from gateway.http_server import Limits, Request, Response, json_response, serving
from gateway.model import Delivery
from gateway.sources.http_body import MAX_BODY_BYTES, decode_body
from gateway.sources.http_options import HttpServerOptions

PATH = "/readings"
MAX_WAITING = 32  # requests whose commit has not returned; fewer than connections, so that more are told at once
COMMIT_S = 10.0  # how long a request waits for its commit
EXAMPLE = 'send {"sensor_id": "S1", "suhu": 70.2}, or a list of such objects'


class HttpPostSource:
    """Listens on one address for as long as it is open.

    Args:
        options: where, and who may.
        now: the wall clock.
        commit_s: see COMMIT_S.
    """

    def __init__(
        self,
        options: HttpServerOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        commit_s: float = COMMIT_S,
    ) -> None:
        self._options = options
        self._now = now
        self._commit_s = commit_s
        self._decoder = TopicDecoder(options.device())
        self.port = options.port  # the real one while it is open

    @property
    def name(self) -> str:
        """See Source."""
        return f"http_server {self._options.listen}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        try:
            desk = _Desk(self._options.token(), self._decoder, self._now, self._commit_s)
        except ConfigError as exc:
            raise SourceLost(f"{self.name}: {exc}") from exc
        async with AsyncExitStack() as listening:
            server = serving(self._options.host, self._options.port, desk.answer, Limits(MAX_BODY_BYTES))
            try:
                self.port = await listening.enter_async_context(server)
            except OSError as exc:
                where = self._options.listen
                raise SourceLost(f"cannot listen on {where} ({exc.strerror}): is the port in use?") from exc
            yield desk.deliveries()


class _Desk:
    """Takes requests, hands deliveries over, and answers when they are durable."""

    def __init__(self, token: str | None, decoder: TopicDecoder, now: Callable[[], datetime], commit_s: float) -> None:
        self._token = token
        self._decoder = decoder
        self._now = now
        self._commit_s = commit_s
        self._waiting = 0
        self._queue: asyncio.Queue[Delivery] = asyncio.Queue()  # bounded by MAX_WAITING

    async def deliveries(self) -> AsyncIterator[Delivery]:
        """One per request."""
        while True:
            yield await self._queue.get()

    async def answer(self, request: Request) -> Response:
        """See http_server."""
        if (refusal := self._refusal(request)) is not None:
            return refusal
        sensor_id = unquote(request.path.removeprefix(PATH).removeprefix("/")) or None
        readings, rejected = decode_body(self._decoder, request.body, sensor_id, self._now())
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def acknowledge() -> None:
            self._waiting -= 1
            if not committed.done():
                committed.set_result(None)

        self._waiting += 1
        self._queue.put_nowait(Delivery(readings, rejected, acknowledge))
        try:
            async with asyncio.timeout(self._commit_s):
                await committed
        except TimeoutError:
            return _error(
                503, "not_durable", f"not on disk within {self._commit_s:g} s", "send it again", ("retry-after", "10")
            )
        bad = [{"error": one.reason, "detail": one.detail} for one in rejected]
        if not readings and rejected:
            return json_response(400, {"accepted": 0, "remedy": EXAMPLE, **bad[0]})
        return json_response(200, {"accepted": len(readings), "rejected": bad})

    def _refusal(self, request: Request) -> Response | None:
        if request.path != PATH and not request.path.startswith(PATH + "/"):
            return _error(404, "no_such_path", f"{request.path[:100]!r} is nothing here", f"POST to {PATH}")
        if request.method != "POST":
            return _error(405, "bad_method", f"{request.method[:20]} is not taken", "POST", ("allow", "POST"))
        if self._token is None and "origin" in request.headers:
            # Any page in a browser of this machine could reach loopback; browsers then say where it came from.
            return _error(403, "from_browser", "a web page may not send readings", "set token_file or token_env")
        if self._token is not None:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            if not hmac.compare_digest(given.encode("latin-1"), self._token.encode()):
                remedy = "send the header Authorization: Bearer <token>"
                return _error(401, "bad_token", "the token is missing or wrong", remedy, ("www-authenticate", "Bearer"))
        if self._waiting >= MAX_WAITING:
            return _error(
                503, "busy", f"{self._waiting} requests wait for the disk", "send it again", ("retry-after", "1")
            )
        return None


def _error(status: int, error: str, detail: str, remedy: str, *headers: tuple[str, str]) -> Response:
    return json_response(status, {"error": error, "detail": detail, "remedy": remedy}, *headers)
