from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

State = dict[str, Any]  # whatever JSON can hold; a fold reads fields that an older version did not write with `.get`
Emit = Callable[[dict[str, object]], None]  # takes one output record: column name -> value


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature of one sensor, as it was accepted from Kafka."""

    sensor_id: str
    celsius: float  # finite
    measured_at_ms: int  # since 1970, UTC; may go backwards from one reading to the next
    source: str | None
    event_id: str | None  # gateway/journal/sequence
    origin: str  # topic/partition/offset: no two readings have the same
    replayed: bool  # it had to wait at the gateway
    clock_unsynced: bool  # measured_at is surely wrong
    retained: bool  # an old state that an MQTT broker had kept


class Fold(Protocol):
    """What becomes of the readings of one sensor. Pure: no Spark, no clock, no chance.

    The same readings and times give the same records, byte for byte, however they were cut into batches (but for what
    `settle` emits): a batch that Spark runs again after a kill writes what it wrote before.
    """

    def start(self) -> State:
        """The state of a sensor that was never heard of."""
        ...

    def reading(self, state: State, reading: Reading, emit: Emit) -> None:
        """Take one reading, in the order of the topic; resends have been taken out. May change `state`."""
        ...

    def settle(self, state: State, emit: Emit) -> None:
        """A batch has no more readings of this sensor; called after those that had some. May change `state`."""
        ...

    def due_ms(self, state: State, now_ms: int) -> int | None:
        """Tell when `timer` is to be called, in processing time; None for never.

        Asked after each batch that had readings and after each call of `timer`, with the batch's processing time. The
        latest answer counts. It is asked again in place of a timer that is long overdue, because then it was the job
        that was away, and the readings of that time are still to come.
        """
        ...

    def timer(self, state: State, now_ms: int, emit: Emit) -> None:
        """The time that `due_ms` gave has come, and no reading moved it. May change `state`."""
        ...
