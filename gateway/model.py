"""What flows through the gateway: readings, deliveries of them, and the records they become."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SourceKind = Literal["serial", "mqtt", "csv", "http", "simulator"]

ABSOLUTE_ZERO_CELSIUS = -273.15
HOTTEST_CELSIUS = 10_000.0  # above every industrial probe; what lies beyond is a broken number


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature, as one sensor reported it."""

    sensor_id: str  # unique in the plant, 1 to 128 characters
    celsius: float  # finite; ABSOLUTE_ZERO_CELSIUS to HOTTEST_CELSIUS
    measured_at: datetime  # aware, UTC; the device's clock where it has one
    source: SourceKind
    clock_unsynced: bool = False  # measured_at comes from a clock that is surely wrong
    retained: bool = False  # an MQTT broker's copy of an earlier value: no sign that the sensor lives


@dataclass(frozen=True, slots=True)
class Rejected:
    """A frame that gave no reading."""

    reason: str  # stable code, see FrameError
    detail: str  # for a person
    raw: bytes  # as it arrived, or the beginning of it
    topic: str = ""  # where on the source it came from, if that has topics
    whole_bytes: int = 0  # how long it was, when that is more than `raw`


def nothing_to_acknowledge() -> None:
    """The ack of sources that cannot ask a device to send again."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a source that can be read again has been read. Only the source itself understands `text`."""

    source: str  # stable and unique among the sources of a gateway
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a source hands over at once.

    `ack` is called exactly once, on the event loop, when every reading is durable; a delivery
    without readings is acknowledged too, so that a poisoned message does not come back for ever.
    """

    readings: tuple[Reading, ...]
    rejected: tuple[Rejected, ...] = ()
    ack: Callable[[], None] = nothing_to_acknowledge
    position: Position | None = None  # becomes durable in the same commit as the readings, or not at all


@dataclass(frozen=True, slots=True)
class Record:
    """A journaled reading in the form in which it goes to Kafka."""

    sequence: int  # 1, 2, 3 ... per journal, without a hole
    key: bytes  # sensor_id, UTF-8
    value: bytes  # record v1, see wire.py
    timestamp_ms: int  # measured_at, Unix epoch
