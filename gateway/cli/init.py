"""`gateway init`: finds devices and brokers, and writes a first configuration."""

import asyncio
import tomllib
from glob import glob
from pathlib import Path

import click

from gateway.cli.first_file import examples, first_file
from gateway.cli.progress import timed
from gateway.cli.read import broker_at
from gateway.cli.survey import BrokerReport, PortReport, answers, listen_to_broker, listen_to_port
from gateway.cli.words import EX_CANTCREAT, fail, said
from gateway.config import Config, DiscoveryOptions, check
from gateway.discovery import candidate_ports

BAUDRATES = (9600, 115_200)


@click.command()
@click.option("--output", type=click.Path(path_type=Path), default=Path("gateway.toml"), show_default=True)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--simulate", is_flag=True, help="Do not look for anything: three simulated machines.")
@click.option("--port", "paths", multiple=True, help="Listen to this port.  [default: all that are plugged in]")
@click.option("--mqtt", metavar="HOST[:PORT]", default="localhost", show_default=True, help="A broker to listen to.")
@click.option("--bootstrap-servers", metavar="HOST:PORT,…", default="localhost:9092", show_default=True)
@click.option("--id", "gateway_id", help="Name of this gateway.  [default: the host's name]")
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=5.0, show_default=True, help="For each baud rate.")
def init(
    output: Path,
    force: bool,
    simulate: bool,
    paths: tuple[str, ...],
    mqtt: str,
    bootstrap_servers: str,
    gateway_id: str | None,
    seconds: float,
) -> None:
    """Listen to serial ports and an MQTT broker, and write a configuration that works, with comments.

    Asks nothing, and forwards nothing. Opening a port resets many Arduino boards.
    """
    if output.exists() and not force:
        fail(f"{output} is there already: give --force to write over it, or another --output", EX_CANTCREAT)
    asked: dict[str, object] = {"kafka": {"bootstrap_servers": bootstrap_servers.split(",")}}
    if gateway_id is not None:
        asked["gateway"] = {"id": gateway_id}
    with said():
        config = check(asked, "command line")
    ports: list[PortReport] = []
    brokers: list[BrokerReport] = []
    if not simulate:
        broker = broker_at(mqtt)
        found = paths or tuple(candidate_ports(DiscoveryOptions().serial_ports, glob))
        click.echo(f"listening to {len(found)} serial ports and to {broker}, {seconds:g} s for each baud rate ...")
        ports, brokers = asyncio.run(
            timed(_listened(found, (broker.host, broker.port), seconds), "listening", seconds * len(BAUDRATES))
        )
        brokers = [one for one in brokers if one.trouble is None or mqtt != "localhost"]
    text = first_file(config.gateway.id, config.kafka.bootstrap_servers, ports, brokers, simulate=simulate)
    with said():
        check(tomllib.loads(text), str(output))
    _tell(config, ports, brokers)
    _write(output, text, force=force)
    click.echo(f"{output} is written; start with: gateway --config {output}")


async def _listened(
    paths: tuple[str, ...], broker: tuple[str, int], seconds: float
) -> tuple[list[PortReport], list[BrokerReport]]:
    heard = asyncio.create_task(asyncio.to_thread(listen_to_broker, *broker, seconds))
    ports = await asyncio.gather(*(listen_to_port(path, BAUDRATES, seconds) for path in paths))
    return list(ports), [await heard]


def _tell(config: Config, ports: list[PortReport], brokers: list[BrokerReport]) -> None:
    for port in ports:
        if port.readings:
            click.echo(f"{port.port} at {port.baudrate} baud: {examples(port.readings)}")
        elif port.numbers_alone:
            click.echo(f"{port.port} at {port.baudrate} baud: numbers alone; give it a sensor_id in the file")
        else:
            click.echo(port.trouble or f"{port.port}: {'no temperature in its text' if port.lines else 'no text'}")
    for broker in brokers:
        place = f"MQTT {broker.host}:{broker.port}"
        if broker.readings:
            click.echo(f"{place}: {examples(broker.readings)}")
        else:
            click.echo(broker.trouble or f"{place}: {broker.messages} messages, no temperature among them")
    if not any(one.readings for one in ports) and not any(one.readings for one in brokers):
        click.echo("no source gave a reading; the file says what the gateway does then")
    if not any(answers(server) for server in config.kafka.bootstrap_servers):
        servers = ", ".join(config.kafka.bootstrap_servers)
        click.echo(
            f"Kafka does not answer at {servers}: start it, or correct kafka.bootstrap_servers; readings wait in the "
            "journal until it does",
            err=True,
        )


def _write(output: Path, text: str, *, force: bool) -> None:
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as exc:
        fail(f"{output} cannot be written: {exc.strerror or exc}: choose another --output", EX_CANTCREAT)
