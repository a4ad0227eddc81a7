"""What every sink is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gateway.errors import SinkUnavailable
from gateway.model import Record


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of the records of one `send`; what is in neither list is durable in the sink."""

    unsent: list[Record] = field(default_factory=list)  # to be sent again, in order
    refused: list[tuple[Record, str]] = field(default_factory=list)  # for good, with the reason
    cause: SinkUnavailable | None = None  # why there is something unsent; None asks for no back-off


class Sink(Protocol):
    """Takes batches of records, one at a time."""

    async def send(self, records: Sequence[Record]) -> Receipt:
        """Send records, in order per key, and wait until each is durable, refused, or known to be neither.

        A record in `unsent` may nevertheless have arrived (its acknowledgement was lost): sending it
        again can duplicate it, but never reorders the records of one key.
        """

    async def close(self) -> None:
        """Give up what is under way and free everything, within 2 s."""
