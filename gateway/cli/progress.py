"""Bars for what takes longer than two seconds, on a terminal only."""

import asyncio
import sys
import time
from collections.abc import Awaitable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import click

TICK_S = 0.2

T = TypeVar("T")


def bar(label: str, length: int, *, beside_output: bool = False) -> AbstractContextManager[Any]:
    """A bar on standard error, hidden where nobody sees it; `update(n)` moves it.

    Args:
        label: what is being done.
        length: how many steps there are.
        beside_output: lines are printed meanwhile: on the same terminal, they and the bar would tear each other.
    """
    hidden = not sys.stderr.isatty() or (beside_output and sys.stdout.isatty())
    return click.progressbar(length=length, label=label, file=sys.stderr, hidden=hidden)


async def timed(work: Awaitable[T], label: str, at_most_s: float) -> T:
    """Wait for something under a bar that fills with time."""
    task = asyncio.ensure_future(work)
    began_s = time.monotonic()
    with bar(label, round(at_most_s / TICK_S)) as moving:
        while not task.done():
            await asyncio.wait([task], timeout=TICK_S)
            due = min(round((time.monotonic() - began_s) / TICK_S), moving.length)
            moving.update(due - moving.pos)
        moving.update(moving.length - moving.pos)
    return task.result()
