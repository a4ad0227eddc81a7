import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from firmware_sim.faults import Wire

PLAIN = ("id-value", "labelled", "short", "json", "number")  # our own firmware; a resolution of any size
Resolution = float  # °C


class Part(BaseModel):
    """Besides its readings a device may say this; a reader must make nothing new of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: str
    text: str
    retain: bool = False


class Registers(BaseModel):
    """Where a Modbus device keeps its temperatures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: Literal[3, 4]
    start: int  # register of the first sensor
    type: Literal["int16", "float32"] = "int16"
    word_order: Literal["big", "little"] = "big"
    scale: float = 1.0  # °C for one step of the raw value
    unit_per_sensor: bool = False  # each sensor is a device of its own on the bus; else they share one
    status: int | None = None  # this register is 0 while the probe is well, else 1
    constants: dict[int, int] = {}  # other registers, such as humidity


class Personality(BaseModel):
    """One device family: how it writes its readings down, as its source or its manual says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: str
    source: str  # where the form comes from
    wires: frozenset[Wire]
    protocol: Literal["text", "modbus", "dcon", "gcode", "sparkplug"] = "text"
    sensors: tuple[str, ...] = ("S1",)  # unless the scenario names others
    names_sensor: bool = True  # the frame or its topic says which sensor it is from
    resolution: Resolution | None = None
    range: tuple[float, float] | None = None  # °C; beyond it the sensor says its end
    decimals: int | None = None  # of the printed value in °C; those of the resolution unless given

    frame: str = "<items>"
    item: str = ""  # one for each sensor in <items>; without it each sensor has a frame of its own
    second_item: str = ""  # the same for <items2>
    joiner: str = ""
    end: str = "\r\n"  # on a serial line; a message needs none
    latin1: bool = False
    checksum: Literal["", "nmea"] = ""
    asides: dict[str, float] = {}  # true temperatures that stand in each frame and never change, in °C
    sentinels: dict[str, float | str] = {}  # in place of the value
    errors: dict[str, str] = {}  # in place of the frame, or of the item
    banner: str | None = None

    topic: str = "suhu/{sensor_id}"
    births: tuple[Part, ...] = ()  # after each connect
    will: Part | None = None
    beside: tuple[Part, ...] = ()  # with each frame

    registers: Registers | None = Field(default=None)

    @property
    def has_checksum(self) -> bool:
        """Whether a reader can tell that a bit is wrong."""
        return self.protocol == "modbus" or bool(self.checksum)

    @property
    def is_structured(self) -> bool:
        """Whether a reader can tell that a part is missing without a line end."""
        return self.protocol == "sparkplug" or self.frame.startswith(("{", "["))

    @property
    def encoding(self) -> str:
        """Of its text."""
        return "latin-1" if self.latin1 else "utf-8"


@cache
def personalities() -> dict[str, Personality]:
    """All there are, by name, in the order of the data file."""
    document = tomllib.loads((files("firmware_sim") / "personalities.toml").read_text(encoding="utf-8"))
    return {name: Personality.model_validate(table) for name, table in document.items()}
