"""Options that say which configuration and journal are meant, for commands that look at a gateway."""

from collections.abc import Callable
from pathlib import Path

import click

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(readable=False, path_type=Path),  # what is wrong with it is said in our own words
    help="TOML file; see docs/gateway.toml.",
)
journal_option = click.option(
    "--journal", type=click.Path(path_type=Path), help="Journal file, in place of the file's."
)
servers_option = click.option(
    "--bootstrap-servers", metavar="HOST:PORT,…", help="Kafka brokers, in place of the file's."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def journal_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which journal."""
    return config_option(journal_option(command))
