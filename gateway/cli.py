"""Words for people and exit codes (sysexits.h) for programs."""

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click
import structlog

from gateway import __version__, app
from gateway.config import Config, check, load
from gateway.errors import AlreadyRunning, ConfigError, GatewayError, SpoolError

EX_SOFTWARE, EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 70, 74, 75, 77, 78


class RunByDefault(click.Group):
    """`gateway --simulate` is `gateway run --simulate`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of options that are not the group's own."""
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "--version"}):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=RunByDefault)
@click.version_option(__version__, prog_name="gateway")
def main() -> None:
    """Machine temperatures from serial devices and MQTT to Kafka, without losing one.

    Without a command, `run` is meant: `gateway --simulate`.
    """


@main.command()
@click.option("--config", "config_path", type=click.Path(path_type=Path), help="TOML file; see docs/gateway.toml.")
@click.option("--simulate", is_flag=True, help="Read three simulated machines, whatever the file names.")
@click.option("--bootstrap-servers", metavar="HOST:PORT,…", help="Kafka brokers, in place of the file's.")
@click.option("--journal", type=click.Path(path_type=Path), help="Journal file, in place of the file's.")
@click.option("--verbose", is_flag=True, help="Also log every rejected frame.")
def run(
    config_path: Path | None, simulate: bool, bootstrap_servers: str | None, journal: Path | None, verbose: bool
) -> None:
    """Read the sources and forward every reading to Kafka, until SIGTERM or Ctrl-C."""
    configure_logging(verbose=verbose)
    try:
        config = effective_config(config_path, bootstrap_servers, journal)
        asyncio.run(app.run(config, simulate=simulate))
    except ConfigError as exc:
        fail(exc, EX_CONFIG)
    except AlreadyRunning as exc:
        fail(exc, EX_TEMPFAIL)
    except SpoolError as exc:
        fail(exc, EX_NOPERM if exc.forbidden else EX_IOERR)
    except GatewayError as exc:
        fail(exc, EX_SOFTWARE)


def effective_config(config_path: Path | None, bootstrap_servers: str | None, journal: Path | None) -> Config:
    """The file's options, or the defaults, with those of the command line in their place.

    Raises:
        ConfigError: see config.load; an option is checked as the file's key is.
    """
    config = Config() if config_path is None else load(config_path)
    document = config.model_dump()
    if bootstrap_servers is not None:
        document["kafka"]["bootstrap_servers"] = bootstrap_servers.split(",")
    if journal is not None:
        document["journal"]["path"] = journal
    return check(document, "command line")


def fail(error: GatewayError, code: int) -> None:
    """Say what is wrong, without a traceback, and end."""
    for line in str(error).splitlines():
        click.echo(f"gateway: {line}", err=True)
    sys.exit(code)


def configure_logging(*, verbose: bool) -> None:
    """Lines for a person on a terminal, logfmt on a pipe; to standard error either way."""
    to_person = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
        if to_person
        else structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if to_person else "iso", utc=not to_person),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
