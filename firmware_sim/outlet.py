import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from firmware_sim.frame import Frame

POLL_S = 0.01


async def until(condition: Callable[[], bool], poll_s: float = POLL_S) -> None:
    """Poll a state whose change the kernel or a library tells nobody about; may be cancelled."""
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(poll_s)


def ignore(request: bytes) -> None:
    """What a device does that only speaks."""
    del request


class Presence:
    """Whether somebody listens; can be awaited both ways."""

    def __init__(self) -> None:
        self._present = asyncio.Event()
        self._absent = asyncio.Event()
        self._absent.set()

    @property
    def listening(self) -> bool:
        """True between a coming and the next going."""
        return self._present.is_set()

    def set(self, *, listening: bool) -> None:
        """Say what is so now; wakes whoever waits for it."""
        came, went = (self._present, self._absent) if listening else (self._absent, self._present)
        went.clear()
        came.set()

    async def begins(self) -> None:
        """Return once somebody listens."""
        await self._present.wait()

    async def ends(self) -> None:
        """Return once nobody listens (any more)."""
        await self._absent.wait()

    async def ends_before(self, deadline_s: float) -> bool:
        """Sleep until a time of the event loop's clock; True at once when nobody listens (any more)."""
        try:
            async with asyncio.timeout_at(deadline_s):
                await self.ends()
        except TimeoutError:
            return False
        return True


class Outlet(Protocol):
    """Where one device's readings leave the simulator.

    Everything but the awaiting returns at once: one slow reader never holds up the other devices.
    """

    presence: Presence  # somebody is there and ready to read
    on_request: Callable[[bytes], None]  # called with what the other side sends, as it comes

    @property
    def baud(self) -> int | None:
        """Speed of the line as it is now; None when bytes need no time."""
        ...

    def open(self, tasks: asyncio.TaskGroup) -> AbstractAsyncContextManager[None]:
        """Exist (link, listener, client) from entry to exit; announces itself once it can be used.

        Raises:
            SimulatorError: the place is taken or out of reach.
        """
        ...

    def write(self, frame: Frame) -> bool:
        """Take a frame and note its fate in the truth; False: nobody is there, nothing was done."""
        ...

    async def interrupt(self, duration_s: float) -> None:
        """Be gone for so long, as if a plug were pulled; the other side gets no warning."""
        ...

    async def drained(self) -> None:
        """Return once readers have taken what was written; may be cancelled."""
        ...
