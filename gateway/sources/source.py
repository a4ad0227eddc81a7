"""What every source is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.model import Delivery

Recall = Callable[[str], Awaitable[str | None]]  # a source's name -> the text of its Position, as it was committed


class Source(Protocol):
    """A place readings come from.

    `open()` connects on entry and disconnects on exit, and may be entered again. The iterator yields
    deliveries in order of arrival and ends only when a finite source is exhausted. It may be cancelled
    at every await.

    Raises:
        SourceLost: the link could not be opened, or dropped; opening again may help. Raised by the
            entry and by the iterator.
    """

    @property
    def name(self) -> str:
        """What a person calls it: its kind, a space, its place: `serial /dev/ttyUSB0`."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        """Connect; see the class."""
