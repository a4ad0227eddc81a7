import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Wire(StrEnum):
    """How a device comes to speak; a fault makes sense on some of them."""

    LINE = "line"  # sends by itself over a serial line
    POLL = "poll"  # answers when it is asked, over a serial line
    MQTT = "mqtt"  # publishes


SERIAL = frozenset({Wire.LINE, Wire.POLL})
EVERYWHERE = SERIAL | {Wire.MQTT}


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is to know of one kind of fault; its effect stands in `probe`, `disturbance` or an outlet."""

    about: str
    wires: frozenset[Wire] = EVERYWHERE
    parameters: frozenset[str] = frozenset()
    of_value: bool = False  # changes what the sensor measures, not how it is sent


KINDS = {  # in the order in which they would happen to a reading on its way
    "drift": Kind("the value runs away by celsius_per_s", EVERYWHERE, frozenset({"celsius_per_s"}), of_value=True),
    "stuck": Kind("the value stays what it was", of_value=True),
    "sentinel": Kind(
        "what the family prints without a probe (-127, nan, 999.9, an error text); which: its name, else any",
        EVERYWHERE,
        frozenset({"which"}),
        of_value=True,
    ),
    "silence": Kind("nothing is sent; a poll is not answered"),
    "decimal-comma": Kind("printed with a decimal comma", frozenset({Wire.LINE})),
    "exception": Kind("a Modbus exception with `code`, no answer", frozenset({Wire.POLL}), frozenset({"code"})),
    "wrong-checksum": Kind("the checksum does not fit (families that have one)", SERIAL),
    "bit-flip": Kind("one bit is wrong: any where there is a checksum, else the top bit of a character", SERIAL),
    "echo": Kind("the adapter sends the request back before the answer", frozenset({Wire.POLL})),
    "noise": Kind("size_bytes of garbage before it, no line end", SERIAL, frozenset({"size_bytes"})),
    "missing-end": Kind("without its line end: the next one is glued to it", frozenset({Wire.LINE})),
    "cut": Kind("broken off in its second half; on a line the next one is glued to it"),
    "wrong-baud": Kind("garbled as a client hears it that listens at `baud`", SERIAL, frozenset({"baud"})),
    "retained": Kind("published with the retain flag: who subscribes later gets a stale copy", frozenset({Wire.MQTT})),
    "duplicate": Kind("sent twice"),
    "flood": Kind("sent `times` more in one go", EVERYWHERE, frozenset({"times"})),
    "reboot": Kind("the banner comes in between, as after a power dip", frozenset({Wire.LINE})),
    "glued": Kind("held back and sent in one write with the next", frozenset({Wire.LINE})),
    "torn": Kind("in two pieces, gap_s apart; whole in the end", SERIAL, frozenset({"gap_s"})),
    "slow-trickle": Kind("byte by byte, gap_s apart; whole in the end", SERIAL, frozenset({"gap_s"})),
    "unplug": Kind("the port vanishes for for_s and comes back as another terminal under the same name", SERIAL),
    "disconnect": Kind("cut off from the broker for for_s: the will is published", frozenset({Wire.MQTT})),
}  # fmt: skip
OUTAGES = frozenset({"unplug", "disconnect"})
OUTAGE_S = 2.0  # unless for_s says otherwise
GAP_S = {"torn": 0.3, "slow-trickle": 0.05}


class Fault(BaseModel):
    """One [[device.fault]] table: what goes wrong, when and how likely.

    With at_s alone it happens once, to the first frame from then on; with for_s to each frame of that time; with
    neither to each frame of the run.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    at_s: float | None = Field(default=None, ge=0)  # virtual time since the device's first reading
    for_s: float | None = Field(default=None, gt=0)
    probability: float = Field(default=1.0, gt=0, le=1)  # of each frame in that time
    sensors: tuple[str, ...] = ()  # only frames of these; all unless given
    celsius_per_s: float = 1.0
    which: str | None = None
    times: int = Field(default=100, gt=0, le=100_000)
    gap_s: float | None = Field(default=None, gt=0, le=60)
    size_bytes: int = Field(default=8, gt=0, le=65_536)
    baud: int = Field(default=115_200, gt=0)
    code: int = Field(default=4, ge=1, le=255)

    @property
    def from_s(self) -> float:
        """When it can happen first."""
        return self.at_s or 0.0

    @property
    def pause_s(self) -> float:
        """Between pieces."""
        return self.gap_s if self.gap_s is not None else GAP_S.get(self.kind, 0.0)

    @model_validator(mode="after")
    def _parameters_fit(self) -> Self:
        if self.kind not in KINDS:
            raise ValueError(f"no fault is called {self.kind}; there are {', '.join(KINDS)}")
        common = {"kind", "at_s", "for_s", "probability", "sensors"}
        for key in self.model_fields_set - common - KINDS[self.kind].parameters:
            raise ValueError(f"{key} has no meaning for {self.kind}")
        return self


class Trigger:
    """Decides which frames one fault happens to: the same ones for the same seed."""

    def __init__(self, fault: Fault, rng: random.Random) -> None:
        self.fault = fault
        self.rng = rng  # of this fault alone: adding another changes nothing here
        self._over = False

    def fires(self, due_s: float, sensor_ids: frozenset[str]) -> bool:
        """Ask once for each frame, in order."""
        fault = self.fault
        if self._over or due_s < fault.from_s or (fault.sensors and sensor_ids.isdisjoint(fault.sensors)):
            return False
        if fault.for_s is not None and fault.kind not in OUTAGES and due_s >= fault.from_s + fault.for_s:
            self._over = True
            return False
        if self.rng.random() >= fault.probability:
            return False
        self._over = fault.at_s is not None and (fault.for_s is None or fault.kind in OUTAGES)
        return True
