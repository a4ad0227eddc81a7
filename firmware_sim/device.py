from enum import StrEnum
from pathlib import Path
from string import Formatter
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from firmware_sim.curves import Curve
from firmware_sim.faults import KINDS, Fault, Wire
from firmware_sim.personality import Personality, personalities

Name = Annotated[str, Field(pattern=r"^[\w.:-]{1,128}$")]


def _speed(value: object) -> object:
    if value in {None, "client"}:
        return value
    if not str(value).isdecimal() or int(str(value)) == 0:
        raise ValueError("a speed is a number of baud, or (for pty) client")
    return int(str(value))


class OnClose(StrEnum):
    """What a device does while nobody has its port open."""

    PAUSE = "pause"  # loses power: goes on with the next reading after the next boot
    RUN = "run"  # goes on measuring: those readings are lost


class Device(BaseModel):
    """What every simulated device has, whatever it is connected by."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    wires: ClassVar[frozenset[Wire]] = frozenset()

    name: Name
    format: str = "id-value"  # its personality: one of personalities.toml
    sensors: tuple[Name, ...] = Field(default=(), validate_default=True)  # those of the personality unless given
    overheats: tuple[Name, ...] = ()  # these take the overheat curve, all others `curve`
    curve: Curve = Curve.STEADY
    resolution: float | None = Field(default=None, gt=0, le=1)  # °C; steps of the sensor
    rate: float = Field(default=1.0, gt=0, le=10_000)  # readings per second of each sensor
    count: int | None = Field(default=None, gt=0)  # readings of the device in all, then it is finished
    fault: tuple[Fault, ...] = ()

    @property
    def family(self) -> Personality:
        """Its personality."""
        return personalities()[self.format]

    @property
    def resolution_celsius(self) -> float:
        """That of the family unless said otherwise; the hot curve needs 0.001 for its values to differ."""
        given = self.resolution if self.resolution is not None else self.family.resolution
        if given is not None:
            return given
        return 0.001 if self.curve is Curve.HOT else 0.01

    @property
    def names_sensor(self) -> bool:
        """Whether a reader can tell this device's sensors apart."""
        return self.family.names_sensor

    @property
    def line_end(self) -> str:
        """What a frame ends with."""
        return "" if Wire.MQTT in self.wires else self.family.end

    @property
    def banner_bytes(self) -> bytes:
        """What the board prints once it has booted; readers throw it away with whatever stood before it."""
        own = f"# suhu-firmware {self.name} ready\r\n"
        return (own if self.family.banner is None else self.family.banner).encode()

    @field_validator("format")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in personalities():
            raise ValueError(f"no personality is called {name}; python -m firmware_sim --list names them")
        if personalities()[name].wires.isdisjoint(cls.wires):
            wires = " or ".join(sorted(personalities()[name].wires))
            raise ValueError(f"{name} speaks over {wires}, not over this transport")
        return name

    @field_validator("sensors")
    @classmethod
    def _each_once(cls, sensors: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not sensors and "format" in info.data:
            return personalities()[info.data["format"]].sensors
        if len(set(sensors)) < len(sensors):
            raise ValueError("a sensor is named twice")
        return sensors

    @model_validator(mode="after")
    def _sensors_are_known_and_told_apart(self) -> Self:
        for sensor_id in self.overheats:
            if sensor_id not in self.sensors:
                raise ValueError(f"overheats names {sensor_id}, which is not among sensors")
        if self.count is not None and Wire.POLL in self.family.wires:
            raise ValueError("count has no meaning for a device that is polled")
        if len(self.sensors) > 1 and not self.names_sensor and Wire.POLL not in self.family.wires:
            raise ValueError(f"format {self.format} does not say which sensor it is from: give each sensor a device")
        return self

    @model_validator(mode="after")
    def _faults_can_happen(self) -> Self:
        for fault in self.fault:
            reason = self._why_not(fault)
            if reason:
                raise ValueError(f"fault {fault.kind}: {reason}")
        return self

    def _why_not(self, fault: Fault) -> str:
        wires, family = KINDS[fault.kind].wires, self.family
        if wires.isdisjoint(self.wires & family.wires):
            return "cannot happen to this device"
        if not set(fault.sensors) <= set(self.sensors):
            return f"{', '.join(sorted(set(fault.sensors) - set(self.sensors)))} is not among sensors"
        named = [*family.sentinels, *family.errors]
        match fault.kind:
            case "sentinel" if not named:
                return f"{self.format} has none"
            case "sentinel" if fault.which is not None and fault.which not in named:
                return f"{self.format} has {', '.join(named)}"
            case "cut" if Wire.MQTT in self.wires and not family.is_structured:
                return f"half a message of {self.format} is a whole one to any reader"
            case "wrong-checksum" if not family.has_checksum:
                return f"{self.format} has no checksum"
            case "decimal-comma" if family.has_checksum or (self.resolution_celsius == 1 and family.decimals is None):
                return f"{self.format} has no decimals to spoil"
            case "exception" if family.protocol != "modbus":
                return f"{self.format} is not Modbus"
        return ""


class WiredDevice(Device):
    """A device whose lines somebody reads from a wire."""

    wires: ClassVar[frozenset[Wire]] = frozenset({Wire.LINE, Wire.POLL})

    boot_s: float = Field(default=0.2, ge=0, le=60)  # silence after a client came, or flushed its input
    banner: bool = True  # a line after each boot, for readers that drop what stands before the first line end
    on_close: OnClose = OnClose.PAUSE
    answer_s: float = Field(default=0.005, ge=0, le=60)  # until a device that is polled begins its answer


class PtyDevice(WiredDevice):
    """On a pseudo-terminal."""

    transport: Literal["pty"]
    link: Path  # the stable name, kept while the device is there
    # baud: a client at another speed hears garbage; client: whatever it has set; None: bytes take no time
    pace: Annotated[Literal["client"] | int | None, BeforeValidator(_speed)] = None


class TcpDevice(WiredDevice):
    """Behind a serial-to-network bridge: every client gets the same lines."""

    transport: Literal["tcp"]
    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535)  # 0: any free one
    pace: int | None = Field(default=None, gt=0)  # baud of the line behind the bridge


class MqttDevice(Device):
    """Publishes each reading with QoS 1."""

    wires: ClassVar[frozenset[Wire]] = frozenset({Wire.MQTT})

    transport: Literal["mqtt"]
    host: str = "127.0.0.1"
    port: int = Field(default=1883, gt=0, le=65535)
    topic: str | None = Field(default=None, min_length=1, max_length=512)  # that of the personality unless given
    format: str = "json"
    client_id: Name | None = None  # firmware-sim-<name> unless given
    retain: bool = False

    @property
    def names_sensor(self) -> bool:
        """The topic may say what the payload does not."""
        return super().names_sensor or "{sensor_id}" in (self.topic or self.family.topic)

    @field_validator("topic")
    @classmethod
    def _can_be_published_to(cls, topic: str | None) -> str | None:
        if topic is None:
            return None
        if "#" in topic or "+" in topic:
            raise ValueError("a topic to publish to has no wildcards")
        fields = {field for _, field, _, _ in Formatter().parse(topic) if field is not None}
        if not fields <= {"sensor_id", "device"}:
            raise ValueError("only {sensor_id} and {device} can stand in a topic")
        return topic


AnyDevice = Annotated[PtyDevice | TcpDevice | MqttDevice, Field(discriminator="transport")]
