import asyncio
import time
from collections.abc import Callable, Iterable

import httpx
from prometheus_client.parser import text_string_to_metric_families

from dashboard.plant.links import GatewayState

EVERY_S = 2.0
PATIENCE_S = 1.5
MAX_BYTES = 4 << 20  # of metrics; more is no gateway
PREFIX = "suhu_gateway_"


class NoGateway(Exception):
    """What answers is no gateway's health port."""


async def watch(urls: Iterable[str], tell: Callable[[tuple[GatewayState, ...]], None]) -> None:
    """Ask every gateway how it is, every two seconds, for ever."""
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False, follow_redirects=False) as client:
        while True:
            began_s = time.monotonic()
            tell(tuple(await asyncio.gather(*(look(client, url) for url in urls))))
            await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - began_s)))


async def look(client: httpx.AsyncClient, url: str) -> GatewayState:
    """Ask one gateway; one that cannot be asked is down, with the reason."""
    place = url.rstrip("/")
    try:
        metrics = await _fetch(client, f"{place}/metrics")
        return state_of(url, metrics)
    except (httpx.HTTPError, httpx.InvalidURL, NoGateway) as exc:
        return GatewayState(url, up=False, why=_words(exc, place))


def state_of(url: str, metrics: str) -> GatewayState:
    """Read what a gateway tells Prometheus.

    Raises:
        NoGateway: these are no gateway's metrics.
    """
    found: dict[str, list[float]] = {}
    try:
        for family in text_string_to_metric_families(metrics):
            for sample in family.samples:
                if sample.name.startswith(PREFIX):
                    found.setdefault(sample.name.removeprefix(PREFIX), []).append(sample.value)
    except ValueError as exc:
        raise NoGateway("it answers with something else than metrics") from exc
    if "uptime_seconds" not in found:
        raise NoGateway("its metrics are not those of a gateway")
    sources = found.get("source_up", [])
    delivered_s = found.get("last_delivery_timestamp_seconds")
    kafka_up = found.get("kafka_up", [1.0])[0] == 1
    stuck = found.get("stuck", [0.0])[0] > 0 or found.get("spool_failing", [0.0])[0] > 0
    return GatewayState(
        url,
        up=True,
        backlog=int(found["spool_records"][0]) if "spool_records" in found else None,
        last_delivery_ms=int(delivered_s[0] * 1000) if delivered_s else None,
        devices_up=sum(value == 1 for value in sources),
        devices_down=sum(value != 1 for value in sources),
        why=_trouble(kafka_up=kafka_up, stuck=stuck),
    )


def _trouble(*, kafka_up: bool, stuck: bool) -> str | None:
    if stuck:
        return "it takes no readings: see gateway status on its machine"
    return None if kafka_up else "it does not reach Kafka, and keeps what it reads"


async def _fetch(client: httpx.AsyncClient, url: str) -> str:
    async with client.stream("GET", url) as answer:
        if answer.status_code != httpx.codes.OK:
            raise NoGateway(f"it answers with status {answer.status_code}")
        content = b""
        async for piece in answer.aiter_bytes():
            content += piece
            if len(content) > MAX_BYTES:
                raise NoGateway("it answers without end")
    return content.decode("utf-8", "replace")


def _words(exc: Exception, place: str) -> str:
    if isinstance(exc, NoGateway):
        return f"{place}: {exc}: --gateway must be the address of a gateway's [health] port"
    if isinstance(exc, httpx.TimeoutException):
        return f"{place} does not answer within {PATIENCE_S:g} s"
    return f"{place} cannot be reached: does the gateway run, with [health] listen?"
