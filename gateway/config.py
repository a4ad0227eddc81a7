"""Typed options from a TOML file. `gateway.toml` in docs/ is the annotated reference, and a test loads it."""

import os
import re
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from gateway.errors import ConfigError
from gateway.health_options import HealthOptions
from gateway.kafka_options import KafkaOptions
from gateway.mqtt_options import MqttOptions
from gateway.section import Section
from gateway.sources.csv_options import CsvOptions
from gateway.sources.http_options import HttpOptions, HttpServerOptions
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.serial_options import SerialOptions

SensorId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
GATEWAY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # as in contracts/sensor-suhu.schema.json


def _default_gateway_id() -> str:
    """The host's name, with what an event_id cannot hold replaced."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).lstrip("._-")[:64] or "gateway"


class GatewayOptions(Section):
    """[gateway]."""

    id: str = Field(default_factory=_default_gateway_id)
    interval_s: float = Field(default=1.0, ge=0, le=3600)
    keep: Literal["newest", "max"] = "newest"

    @field_validator("id")
    @classmethod
    def _id_fits_event_ids(cls, value: str) -> str:
        if not GATEWAY_ID.fullmatch(value):
            msg = "1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit"
            raise ValueError(msg)
        return value


def _default_journal_path() -> Path:
    """Where systemd says (StateDirectory=), else the user's state folder (XDG base directories)."""
    if folder := os.environ.get("STATE_DIRECTORY"):
        return Path(folder.split(":")[0]) / "journal.db"
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "suhu-gateway" / "journal.db"


class JournalOptions(Section):
    """[journal]."""

    path: Path = Field(default_factory=_default_journal_path)
    max_bytes: int = Field(default=256 * 1024 * 1024, ge=1024 * 1024)
    when_full: Literal["block", "drop_oldest"] = "block"


class SimulatorOptions(Section):
    """[simulator]."""

    sensors: list[SensorId] = Field(default=["S1", "S2", "S3"], min_length=1)
    seed: int = 1
    interval_s: float = Field(default=1.0, ge=0.001, le=3600)

    @field_validator("sensors")
    @classmethod
    def _sensors_differ(cls, sensors: list[str]) -> list[str]:
        if len(set(sensors)) < len(sensors):
            msg = "the same sensor twice"
            raise ValueError(msg)
        return sensors


class DiscoveryOptions(Section):
    """[discovery]: where to look when no source is configured."""

    serial_ports: list[str] = Field(default=["/dev/serial/by-id/*", "/dev/ttyUSB*", "/dev/ttyACM*"])
    listen_s: float = Field(default=3.0, ge=0.1, le=60)


class Config(Section):
    """The whole file."""

    gateway: GatewayOptions = GatewayOptions()
    journal: JournalOptions = Field(default_factory=JournalOptions)
    kafka: KafkaOptions = KafkaOptions()
    serial: list[SerialOptions] = Field(default=[])
    mqtt: list[MqttOptions] = Field(default=[])
    modbus: list[ModbusOptions] = Field(default=[])
    csv: list[CsvOptions] = Field(default=[])
    http: list[HttpOptions] = Field(default=[])
    http_server: HttpServerOptions | None = None
    simulator: SimulatorOptions | None = None
    health: HealthOptions | None = None
    discovery: DiscoveryOptions = DiscoveryOptions()

    @model_validator(mode="after")
    def _each_port_once(self) -> "Config":
        ports = [one.port for one in self.serial] + [one.place for one in self.modbus]
        for port in ports:
            if ports.count(port) > 1:
                msg = f"the port {port} is configured twice"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _each_place_once(self) -> "Config":
        for what, places in (("file", [str(one.path) for one in self.csv]), ("url", [one.url for one in self.http])):
            for place in places:
                if places.count(place) > 1:
                    msg = f"the {what} {place} is configured twice"
                    raise ValueError(msg)
        return self


def load(path: Path) -> Config:
    """Read and check a configuration file.

    Raises:
        ConfigError: it names the file, the place in it, what is wrong there and what is expected.
    """
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
    except PermissionError as exc:
        raise ConfigError(f"{path}: this user may not read it: use sudo; a service's file is for its group") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or exc}: check the path given with --config") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: not UTF-8 at byte {exc.start}: save the file as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path}: not valid TOML: {exc}") from exc
    return check(document, str(path))


def require_files(config: Config) -> None:
    """Check what only a start needs, and what only the gateway's own user can see: files that a login names.

    Raises:
        ConfigError: one cannot be read; with its place.
    """
    for number, broker in enumerate(config.mqtt, start=1):
        try:
            broker.files()
        except ConfigError as exc:
            raise ConfigError(f"mqtt[{number}].{exc}") from exc


def check(document: dict[str, Any], place: str) -> Config:
    """The configuration in a parsed document.

    Args:
        document: tables and keys as in the file.
        place: where it comes from, for the message.

    Raises:
        ConfigError: one line per mistake.
    """
    try:
        return Config.model_validate(document)
    except ValidationError as exc:
        raise ConfigError("\n".join(f"{place}: {_explain(error)}" for error in exc.errors())) from None


def _explain(error: object) -> str:
    assert isinstance(error, dict)  # noqa: S101 - pydantic's ErrorDetails
    place = _place(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return f"{place}: there is no such key: {_meant(error['loc'])}"
        case "missing":
            return f"{place}: this key is required"
        case "value_error":
            return f"{place}: {error['ctx']['error']}" if place else str(error["ctx"]["error"])
    shown = repr(error["input"])
    return f"{place}: {error['msg']}, not {shown if len(shown) <= 60 else shown[:57] + '...'}"


def _meant(location: tuple[int | str, ...]) -> str:
    """What was probably meant by a key that is not there."""
    from difflib import get_close_matches  # only a mistake needs it

    table: Any = Config
    for part in location[:-1]:
        if isinstance(part, str):
            table = _table_of(table.model_fields[part].annotation)
    near = get_close_matches(str(location[-1]), table.model_fields, n=1)
    return f"did you mean {near[0]!r}?" if near else "check its spelling against the sample file"


def _table_of(annotation: Any) -> Any:
    """The Section inside `list[Section]` or `Section | None`."""
    inner = get_args(annotation)
    return next(_table_of(one) for one in inner if one is not type(None)) if inner else annotation


def _place(location: tuple[int | str, ...]) -> str:
    """`serial[2].baudrate`: tables are counted from 1, as a person counts them."""
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text
