import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import click
from pydantic import ValidationError

from firmware_sim import fleet
from firmware_sim.curves import Curve
from firmware_sim.device import OnClose
from firmware_sim.errors import FlagError, SimulatorError
from firmware_sim.faults import KINDS
from firmware_sim.personality import personalities
from firmware_sim.scenario import Scenario, load, mistakes_of
from firmware_sim.truth import TruthLog

FLAG_OF = {"link": "--pty"}  # the other keys are called like their flags


def _names(ctx: click.Context, param: click.Parameter, value: str | None) -> list[str] | None:
    return None if value is None else [name.strip() for name in value.split(",")]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--list", "list_", is_flag=True, help="Name all personalities and faults, and end.")
@click.option("--scenario", "path", type=click.Path(path_type=Path), help="TOML file with any number of devices.")
@click.option("--pty", "link", metavar="LINK", help="One device on a pseudo-terminal with this stable name.")
@click.option("--tcp", is_flag=True, help="One device behind a TCP port, for socket://HOST:PORT.")
@click.option("--mqtt", is_flag=True, help="One device that publishes to the MQTT broker at HOST:PORT.")
@click.option("--name", help="Name of the device; part of the seed.  [default: sim-<first sensor>]")
@click.option(
    "--sensors", callback=_names, metavar="ID,ID,...", help="Sensors of the device.  [default: as the family has them]"
)
@click.option("--overheats", callback=_names, metavar="ID,ID,...", help="Sensors that take the overheat curve.")
@click.option(
    "--curve", type=click.Choice([choice.value for choice in Curve]), help="Curve of the others.  [default: steady]"
)
@click.option("--format", metavar="NAME", help="Its personality: see --list.  [default: id-value; mqtt: json]")
@click.option("--resolution", type=float, help="Steps of the sensor in °C.  [default: as the family has it]")
@click.option("--rate", type=float, help="Readings per second of each sensor.  [default: 1]")
@click.option("--count", type=int, help="End after so many readings in all.")
@click.option("--seed", type=int, help="Same seed, same readings.  [default: 1]")
@click.option(
    "--pace",
    is_flag=False,
    flag_value="client",
    metavar="[BAUD]",
    help="Bytes take time, 10 bits each: at BAUD, or at the speed the client has set (pty).",
)
@click.option("--boot-s", type=float, help="Silence after a client came (pty, tcp).  [default: 0.2]")
@click.option("--banner/--no-banner", default=None, help="A line after each boot (pty, tcp).  [default: banner]")
@click.option(
    "--on-close",
    type=click.Choice([choice.value for choice in OnClose]),
    help="Without a client (pty, tcp).  [default: pause]",
)
@click.option("--host", help="Of --tcp and --mqtt.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="[default: any free one for --tcp, 1883 for --mqtt]")
@click.option("--topic", help="Of --mqtt.  [default: suhu/{sensor_id}]")
@click.option("--client-id", help="Of --mqtt.  [default: firmware-sim-<name>]")
@click.option("--retain/--no-retain", default=None, help="Of --mqtt.  [default: no-retain]")
@click.option(
    "--truth",
    type=click.Path(path_type=Path),
    help="Append every reading that left a device to this file, as JSON Lines.",
)
def command(
    path: Path | None, truth: Path | None, seed: int | None, tcp: bool, mqtt: bool, list_: bool, **flags: Any
) -> None:
    """Simulate temperature devices: one by flags, or many by a scenario file.

    Prints "ready KIND NAME ADDRESS" for each device that can be used, and at the end how many readings each sensor
    emitted. SIGTERM and Ctrl-C end it.
    """
    if list_:
        _print_list()
        return
    given = {key: value for key, value in flags.items() if value is not None}
    transports = [kind for kind, wanted in (("pty", "link" in given), ("tcp", tcp), ("mqtt", mqtt)) if wanted]
    if path is None:
        scenario = _from_flags(transports, given, seed)
    elif transports or given:
        raise FlagError("--scenario describes the devices: besides it only --seed and --truth can be given")
    else:
        scenario = load(path, seed)
    with TruthLog(truth) as log:
        try:
            asyncio.run(fleet.run(scenario, log, click.echo))
        except ExceptionGroup as group:
            raise _cause(group) from group
        sensors = dict.fromkeys(sensor_id for device in scenario.device for sensor_id in device.sensors)
        counts = " ".join(f"{sensor_id}={log.emitted[sensor_id]}" for sensor_id in sensors)
        click.echo(f"emitted {counts} dropped={log.dropped}")


def main() -> NoReturn:
    """Run the command; every mistake of a person ends in one sentence and an exit code of sysexits.h."""
    logging.basicConfig(format="%(message)s")
    try:
        sys.exit(command.main(prog_name="python -m firmware_sim", standalone_mode=False))
    except SimulatorError as exc:
        click.echo(f"firmware_sim: {exc}", err=True)
        sys.exit(exc.exit_code)
    except click.ClickException as exc:
        exc.show()
        sys.exit(os.EX_USAGE)


def _print_list() -> None:
    for heading, lines in (
        ("Personalities (format):", {name: (family.wires, family.about) for name, family in personalities().items()}),
        ("Faults (kind of a [[device.fault]]):", {name: (kind.wires, kind.about) for name, kind in KINDS.items()}),
    ):
        click.echo(heading)
        for name, (wires, about) in lines.items():
            click.echo(f"  {name:<22}{' '.join(sorted(wires)):<16}{about}")


def _from_flags(transports: list[str], given: dict[str, Any], seed: int | None) -> Scenario:
    if len(transports) != 1:
        raise FlagError("a device is one of --pty LINK, --tcp and --mqtt; for several give --scenario FILE")
    device = {"transport": transports[0], **given}
    default_sensors = family.sensors if (family := personalities().get(given.get("format", ""))) else ("S1",)
    device.setdefault("name", f"sim-{given.get('sensors', default_sensors)[0]}")
    document: dict[str, Any] = {"device": [device]}
    if seed is not None:
        document["seed"] = seed
    try:
        return Scenario.model_validate(document)
    except ValidationError as exc:
        raise FlagError("; ".join(f"{_flag(where)}{what}" for where, what in mistakes_of(exc))) from exc


def _flag(where: list[str | int]) -> str:
    match where:
        case ["device", int(), str(key), *_]:
            return f"{FLAG_OF.get(key, '--' + key.replace('_', '-'))}: "
        case _:
            return ""


def _cause(group: ExceptionGroup[Exception]) -> Exception:
    """The one a person can act on; anything else is a bug and keeps its trace."""
    expected, unexpected = group.split(SimulatorError)
    if expected is None or unexpected is not None:
        return group
    first = expected.exceptions[0]
    return _cause(first) if isinstance(first, ExceptionGroup) else first
