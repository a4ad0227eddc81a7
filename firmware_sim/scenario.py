import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError, field_validator

from firmware_sim.device import AnyDevice, PtyDevice
from firmware_sim.errors import ScenarioError


class Scenario(BaseModel):
    """All devices of one process; equal seeds give equal readings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = 1
    epoch: AwareDatetime | Literal["now"] = datetime(2026, 1, 1, tzinfo=UTC)  # of the clocks in the devices
    device: tuple[AnyDevice, ...]

    @property
    def epoch_s(self) -> float:
        """Unix time of virtual time 0."""
        return time.time() if self.epoch == "now" else self.epoch.timestamp()

    @field_validator("device")
    @classmethod
    def _do_not_collide(cls, devices: tuple[AnyDevice, ...]) -> tuple[AnyDevice, ...]:
        if not devices:
            raise ValueError("no device")
        names = [device.name for device in devices]
        links = [device.link for device in devices if isinstance(device, PtyDevice)]
        for kind, values in (("name", names), ("link", links)):
            if len(set(values)) < len(values):
                raise ValueError(f"two devices have the same {kind}")
        return devices


def load(path: Path, seed: int | None = None) -> Scenario:
    """Read a scenario file; a given seed wins over the file's.

    Raises:
        ScenarioError: unreadable, not TOML, or a key is wrong; says where.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ScenarioError(f"cannot read the scenario {path}: {exc.strerror}; check the path") from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise ScenarioError(f"{path} is not TOML: {exc}; put that place right") from exc
    if seed is not None:
        document["seed"] = seed
    try:
        return Scenario.model_validate(document)
    except ValidationError as exc:
        mistakes = "; ".join(f"{_place(where)}{what}" for where, what in mistakes_of(exc))
        raise ScenarioError(f"{path}: {mistakes}") from exc


def mistakes_of(error: ValidationError) -> Iterator[tuple[list[str | int], str]]:
    """Where (keys and indexes as a person wrote them) and what, for each mistake."""
    for mistake in error.errors(include_url=False, include_context=False, include_input=False):
        where = [part for part in mistake["loc"] if part not in {"pty", "tcp", "mqtt"}]
        match mistake["type"]:
            case "extra_forbidden":
                what = "not known here; see --help"
            case "union_tag_not_found":
                what = "transport is missing: pty, tcp or mqtt"
            case _:
                what = mistake["msg"].removeprefix("Value error, ")
        yield where, what


def _place(where: list[str | int]) -> str:
    match where:
        case ["device", int(index), *keys]:
            return f"device {index + 1}{''.join(f', {key}' for key in keys)}: "
        case []:
            return ""
        case _:
            return f"{'.'.join(map(str, where))}: "
