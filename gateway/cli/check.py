"""`gateway check`: whether a configuration will do, before a gateway is started with it."""

import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import click

from gateway import control
from gateway.app import Pipeline, broker_of
from gateway.cli.chosen import config_option, json_option, servers_option
from gateway.cli.feeds import require_csv
from gateway.cli.findings import Finding, failed, ok, report
from gateway.cli.probes import outside
from gateway.cli.run import effective_config
from gateway.cli.words import EX_CONFIG, exit_code
from gateway.config import Config
from gateway.errors import ConfigError, SpoolError
from gateway.sinks.kafka_door import door_of


@click.command()
@config_option
@servers_option
@click.option("--online", is_flag=True, help="Also look at ports, brokers, topics, clock and disk.")
@json_option
def check(config_path: Path | None, bootstrap_servers: str | None, online: bool, as_json: bool) -> None:
    """Check a configuration, every mistake at once; changes nothing, and opens no port.

    Exit code 78 when something is wrong in it; with --online that of the first thing that is wrong outside.
    """
    sys.exit(report(_findings(config_path, bootstrap_servers, online=online), as_json=as_json))


def _findings(config_path: Path | None, bootstrap_servers: str | None, *, online: bool) -> Iterator[Finding]:
    place = "defaults" if config_path is None else str(config_path)
    try:
        config = effective_config(config_path, bootstrap_servers, None)
    except ConfigError as exc:
        for line in str(exc).splitlines():
            yield failed("configuration", "", line, EX_CONFIG)
        return
    mistakes = list(dict.fromkeys(_mistakes(config)))
    for words in mistakes:
        yield failed("configuration", place, words, EX_CONFIG)
    if not mistakes:
        yield ok("configuration", place, summary(config))
    if online:
        running = yield from running_gateway(config)
        yield from outside(config, running)


def running_gateway(config: Config) -> Generator[Finding, None, control.Answer | None]:
    """What the gateway says that runs with this journal, None if none does; a finding when it does not answer."""
    try:
        return control.status(config.journal.path)
    except SpoolError as exc:
        yield failed("gateway", "", str(exc), exit_code(exc))
        return None


def _mistakes(config: Config) -> Iterator[str]:
    """What only files, packages and the environment can tell."""
    for number, options in enumerate(config.mqtt, start=1):
        try:
            broker_of(options, "")
        except ConfigError as exc:
            yield f"mqtt[{number}].{exc}"
    for look in (
        lambda: door_of(config.kafka),
        lambda: require_csv(config, now=False),
        lambda: Pipeline(config.model_copy(update={"mqtt": []}), simulate=False),
    ):
        try:
            look()
        except ConfigError as exc:
            yield str(exc)


def summary(config: Config) -> str:
    """What it is, in one line."""
    counted = {
        "serial": len(config.serial),
        "mqtt": len(config.mqtt),
        "modbus": len(config.modbus),
        "csv": len(config.csv),
        "http": len(config.http),
        "http_server": int(config.http_server is not None),
        "simulator": int(config.simulator is not None),
    }
    sources = ", ".join(f"{count} {kind}" for kind, count in counted.items() if count) or "none: one is looked for"
    return f"valid; sources: {sources}; to {config.kafka.topic} at {', '.join(config.kafka.bootstrap_servers)}"
