import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import httpx

from dashboard.hub import Hub
from dashboard.language import Languages
from dashboard.measures import Measures
from dashboard.plant.plant import Plant
from dashboard.web.guard import Guard
from dashboard.web.history import HistoryPages
from dashboard.web.pages import Pages
from dashboard.web.site import site
from tests.dashboard.plant.examples import at, reading

T = TypeVar("T")
MEASURES = Measures(True, 1, 0, 4, 0, {}, {})


def browse(
    act: Callable[[httpx.AsyncClient], Awaitable[T]],
    *,
    history: Path | None = None,
    token: str | None = None,
    hosts: Sequence[str] = ("127.0.0.1",),
    secure: bool = False,
) -> T:
    """Ask the whole site, without a port; the plant knows the sensors S1 and `a/b °`."""

    async def scenario() -> T:
        plant = Plant({}, 100, stale_after_s=5.0)
        plant.take_reading(reading(0, 50.5), at(0), live=True)
        plant.take_reading(reading(0, 60.5, "a/b °"), at(0), live=True)
        hub = Hub(plant, lambda: at(0), "abc", max_clients=4)
        pages = Pages(Languages(), has_history=history is not None, has_gateways=False)
        days = HistoryPages(history) if history else None
        app = Guard(site(pages, hub, plant, days, lambda: at(0), lambda: MEASURES), hosts, token, secure=secure)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
            return await act(client)

    return asyncio.run(scenario())


def get(path: str, headers: dict[str, str] | None = None, **options: object) -> httpx.Response:
    """Ask for one path."""
    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return browse(lambda client: client.get(path, headers=raw), **options)  # type: ignore[arg-type]  # as in browse
