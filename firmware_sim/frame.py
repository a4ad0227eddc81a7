from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature as a frame says it."""

    sensor_id: str
    celsius: float  # what the text says, after rounding; from Fahrenheit where that is all it says


@dataclass(frozen=True, slots=True)
class Frame:
    """Bytes a device is to send in one go, and what a reader must make of them."""

    device: str
    due_s: float  # virtual time since the device's first reading
    data: bytes  # all of it, with its end; empty when a fault keeps the device silent
    readings: tuple[Reading, ...] = ()  # must come out once these bytes have arrived
    allowed: tuple[Reading, ...] = ()  # may come out besides: true, but damaged, said twice, or of no interest
    faults: tuple[str, ...] = ()  # what was done to it, in order
    seq: int = 0  # counts the device's frames from 1 without a hole; 0: not part of its script (births)
    continues: bool = False  # the rest of what the frame before it began; pointless after a new boot
    topic: str = ""  # where an MQTT device publishes it
    retain: bool = False
    request: bytes = b""  # what it answers

    def with_fault(self, fault: str) -> Self:
        """The same with one more fault to its name; it can still be read."""
        return replace(self, faults=(*self.faults, fault))

    def spoiled(self, fault: str, data: bytes) -> Self:
        """Damaged: nothing must come out any more, and the truth still may."""
        return replace(
            self, data=data, readings=(), allowed=(*self.readings, *self.allowed), faults=(*self.faults, fault)
        )


@dataclass(frozen=True, slots=True)
class Outage:
    """A time during which the device is not there at all: unplugged, or cut off from its broker."""

    device: str
    due_s: float
    duration_s: float  # real time; virtual time stands still
    fault: str
