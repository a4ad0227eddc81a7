"""Blocking calls in a thread that are over when they are cancelled."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def finished(work: Callable[[], T], undo: Callable[[T], object] = lambda _made: None) -> T:
    """Run in a thread; cancelled, wait for its end all the same: what it holds is let go next.

    Args:
        work: takes a moment, and cannot be interrupted.
        undo: lets go of what it made, when it was cancelled meanwhile.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if running.exception() is None:
            undo(running.result())
        raise
