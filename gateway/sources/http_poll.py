"""JSON APIs that are asked again and again. The only file that knows httpx."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx

from gateway.decode.found import Found
from gateway.decode.topic import TopicDecoder
from gateway.errors import ConfigError, SourceLost
from gateway.model import Delivery, Rejected
from gateway.sources.http_body import MAX_BODY_BYTES, decode_body
from gateway.sources.http_options import HttpOptions

MAX_SENSORS = 10_000  # whose newest reading is remembered
NOTHING_NEW = {204, 304}
# How long the pauses between two attempts may get, see SourceLost; as with MQTT brokers (docs/decisions/0011).
LINK_PAUSE_S = 3.0  # it is starting again, or the network is
ANSWER_PAUSE_S = 10.0  # it says no, and a person has to change something
REMEDIES = {
    401: "check the token",
    403: "check the token and what it may see",
    404: "check the address",
    429: "ask less often (interval_s)",
}


class HttpPollSource:
    """Asks one address every interval; the first answer is awaited by `open`.

    A reading that carries its time and was seen before is no new one, and is left out.

    Args:
        options: where, how often, and with which token.
        now: the wall clock.
    """

    def __init__(self, options: HttpOptions, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._options = options
        self._now = now
        self._decoder = TopicDecoder(options.device())
        self._newest: dict[str, Found] = {}

    @property
    def name(self) -> str:
        """See Source."""
        return f"http {self._options.url}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        headers |= {name: value.get_secret_value() for name, value in self._options.headers.items()}
        try:
            if (token := self._options.token()) is not None:
                headers["authorization"] = f"Bearer {token}"
            tls = await asyncio.to_thread(ssl.create_default_context, cafile=self._options.ca_file)
        except (ConfigError, OSError) as exc:
            raise SourceLost(f"{self.name}: {exc}") from exc
        async with httpx.AsyncClient(
            headers=headers, verify=tls, timeout=self._options.timeout_s, follow_redirects=False, trust_env=False
        ) as client:
            yield self._deliveries(client, await self._ask(client))

    async def _deliveries(self, client: httpx.AsyncClient, first: Delivery) -> AsyncIterator[Delivery]:
        delivery = first
        next_s = time.monotonic()
        while True:
            if delivery.readings or delivery.rejected:
                yield delivery
            # An absolute schedule, as the simulator's.
            next_s = max(next_s + self._options.interval_s, time.monotonic() - self._options.interval_s)
            await asyncio.sleep(next_s - time.monotonic())
            delivery = await self._ask(client)

    async def _ask(self, client: httpx.AsyncClient) -> Delivery:
        try:
            async with (
                asyncio.timeout(self._options.timeout_s),  # of the whole answer: httpx's own counts each read anew
                client.stream("GET", self._options.url) as response,
            ):
                return await self._answered(response)
        except (TimeoutError, httpx.TimeoutException):
            raise self._lost(
                f"gives no whole answer within {self._options.timeout_s:g} s",
                "check it, or raise timeout_s",
                LINK_PAUSE_S,
            ) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise self._lost(
                f"cannot be reached: {str(exc) or repr(exc)}",
                "check address, network and certificate",
                LINK_PAUSE_S,
            ) from exc

    async def _answered(self, response: httpx.Response) -> Delivery:
        status = response.status_code
        if status in NOTHING_NEW:
            return Delivery(())
        if response.has_redirect_location:
            # Followed, it could take the token to another host.
            raise self._lost(f"redirects to {response.headers['location'][:200]}", "configure that address")
        if status != httpx.codes.OK:
            remedy = REMEDIES.get(status, "look into the log of the server" if status >= 500 else "check the address")
            raise self._lost(f"answers {status} {response.reason_phrase}", remedy)
        if (encoding := response.headers.get("content-encoding", "identity")) != "identity":
            raise self._lost(f"answers in {encoding[:40]}, which was not asked for", "switch compression off there")
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > MAX_BODY_BYTES:
                text = f"an answer of more than {MAX_BODY_BYTES} bytes"
                return Delivery((), (Rejected("too_large", text, bytes(body)),))
        return Delivery(*decode_body(self._decoder, bytes(body), None, self._now(), self._is_new))

    def _is_new(self, found: Found) -> bool:
        if found.measured_at is None:
            return True
        if self._newest.get(found.sensor_id) == found:
            return False
        if len(self._newest) >= MAX_SENSORS:
            self._newest.clear()
        self._newest[found.sensor_id] = found
        return True

    def _lost(self, what: str, remedy: str, longest_pause_s: float = ANSWER_PAUSE_S) -> SourceLost:
        return SourceLost(f"{self._options.url} {what}: {remedy}", longest_pause_s)
