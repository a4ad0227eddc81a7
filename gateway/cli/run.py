"""`gateway run`: the daemon."""

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from gateway.cli.chosen import config_option, journal_option, servers_option
from gateway.cli.feeds import feed_options, put_feed, require_csv
from gateway.cli.logs import configure_logging
from gateway.cli.words import said
from gateway.config import Config, check, load, require_files
from gateway.daemon import Daemon
from gateway.systemd import Systemd


@click.command()
@config_option
@click.option("--simulate", is_flag=True, help="Read three simulated machines, whatever the file names.")
@feed_options
@servers_option
@journal_option
@click.option("--verbose", is_flag=True, help="Also log every rejected frame.")
def run(
    config_path: Path | None,
    simulate: bool,
    bootstrap_servers: str | None,
    journal: Path | None,
    verbose: bool,
    **feed: Any,
) -> None:
    """Read the sources and forward every reading to Kafka, until SIGTERM or Ctrl-C; SIGHUP reloads the file."""
    configure_logging(verbose=verbose)

    def checked() -> Config:
        config = effective_config(config_path, bootstrap_servers, journal, feed)
        if not simulate:
            require_files(config)
            require_csv(config, now=feed["source"] == "csv")
        return config

    async def life() -> None:
        await Daemon(checked, simulate=simulate, systemd=Systemd.from_environment(os.environ)).run()

    with said():
        asyncio.run(life())


def effective_config(
    config_path: Path | None, bootstrap_servers: str | None, journal: Path | None, feed: dict[str, Any] | None = None
) -> Config:
    """The file's options, or the defaults, with those of the command line in their place.

    Raises:
        ConfigError: see config.load; an option is checked as the file's key is.
    """
    config = Config() if config_path is None else load(config_path)
    document = config.model_dump(exclude_unset=True)  # what nobody wrote must not look written
    if feed is not None:
        put_feed(document, feed, configured=config_path is not None)
    if bootstrap_servers is not None:
        document.setdefault("kafka", {})["bootstrap_servers"] = bootstrap_servers.split(",")
    if journal is not None:
        document.setdefault("journal", {})["path"] = journal
    return check(document, "command line")
