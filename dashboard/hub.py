import asyncio
import json
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from dashboard.errors import DashboardError
from dashboard.plant.moment import Moment
from dashboard.plant.plant import Plant

PACE_S = 0.1  # at most one delta in this time


class HubFull(DashboardError):
    """As many browsers as are allowed are connected."""


class Hub:
    """Tells every browser what is new to it.

    All that follow get the same bytes, composed once. One that reads slowly is told the newest state when it asks
    next: what it missed in between is never kept for it.
    """

    def __init__(self, plant: Plant, now: Callable[[], Moment], server_id: str, max_clients: int) -> None:
        self._plant = plant
        self._now = now
        self._server_id = server_id
        self.max_clients = max_clients
        self._told = 0  # the plant's version that everybody may know
        self._beat = asyncio.Event()
        self._changed = asyncio.Event()
        self._frames: dict[tuple[int, int], bytes] = {}  # of this beat, by its first and last version
        self.clients = 0
        self.refused = 0  # for want of a seat
        self.is_closed = False

    def take_seat(self) -> "Seat":
        """Let one more browser in.

        Raises:
            HubFull: there is no seat left.
        """
        if self.clients >= self.max_clients:
            self.refused += 1
            raise HubFull(
                f"{self.max_clients} browsers are connected already: close one, or start the dashboard with a higher "
                "--max-clients"
            )
        return Seat(self)

    def now_ms(self) -> int:
        """What time the server has."""
        return self._now().wall_ms

    def touch(self) -> None:
        """Note that the plant may have changed."""
        if self._plant.version != self._told:
            self._changed.set()

    async def run(self) -> None:
        """Hand out what changed: at once after a pause, then each tenth of a second."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._frames.clear()
            self._told = self._plant.version
            self._wake()
            await asyncio.sleep(PACE_S)
            self.touch()

    def close(self) -> None:
        """End every stream."""
        self.is_closed = True
        self._wake()

    async def wait(self, known: int) -> None:
        """Wait until there is something after the version that the reader knows."""
        while known >= self._told and not self.is_closed:
            await self._beat.wait()

    def snapshot(self) -> tuple[int, bytes]:
        """All that there is, and its version."""
        return self._plant.version, self._event("snapshot", self._plant.snapshot(self._now()))

    def delta(self, known: int) -> tuple[int, bytes]:
        """What is new after that version, and the version that the reader knows then."""
        version = self._plant.version
        if (known, version) not in self._frames:
            content = self._plant.since(known, self._now())
            if content is None:
                event = self._event("snapshot", self._plant.snapshot(self._now()))
            else:
                event = self._event("delta", content)
            self._frames[known, version] = event
        return version, self._frames[known, version]

    def _event(self, name: str, content: dict[str, Any]) -> bytes:
        content = {"server": self._server_id, "now_ms": self.now_ms(), **content}
        return f"event: {name}\ndata: {json.dumps(content, separators=(',', ':'))}\n\n".encode("ascii")

    def _wake(self) -> None:
        self._beat.set()
        self._beat = asyncio.Event()


class Seat:
    """A browser's place; given back when its context ends."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def __enter__(self) -> Self:
        self._hub.clients += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hub.clients -= 1

    async def events(self) -> AsyncIterator[bytes]:
        """A snapshot, then what changes, until the dashboard ends."""
        known, event = self._hub.snapshot()
        while not self._hub.is_closed:
            yield event
            await self._hub.wait(known)
            known, event = self._hub.delta(known)
