"""`gateway doctor`: what is wrong with this gateway, this machine and the way to Kafka."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli.check import running_gateway, summary
from gateway.cli.chosen import config_option, journal_option, json_option, servers_option
from gateway.cli.findings import Finding, failed, ok, report
from gateway.cli.probes import inside, outside
from gateway.cli.run import effective_config
from gateway.cli.words import EX_CONFIG
from gateway.errors import ConfigError


@click.command()
@config_option
@journal_option
@servers_option
@json_option
def doctor(config_path: Path | None, journal: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Look at everything a gateway needs, one line each: what is wrong with it, and what to do.

    Changes nothing: no port is opened, nothing is written to a topic. Run it as the user that the gateway runs as.
    The exit code is that of the first thing that is wrong (see sysexits.h); a warning is none.
    """
    sys.exit(report(_findings(config_path, journal, bootstrap_servers), as_json=as_json))


def _findings(config_path: Path | None, journal: Path | None, bootstrap_servers: str | None) -> Iterator[Finding]:
    place = "" if config_path is None else str(config_path)
    try:
        config = effective_config(config_path, bootstrap_servers, journal)
    except ConfigError as exc:
        for line in str(exc).splitlines():
            yield failed("configuration", "", line, EX_CONFIG)
        return
    yield ok("configuration", place, summary(config) if place else "none given: defaults; name it with --config")
    running = yield from running_gateway(config)
    yield from inside(config, running)
    yield from outside(config, running)
