"""One source named on the command line, so that a first try needs no file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from gateway.config import Config

SOURCES = ("serial", "mqtt", "modbus", "csv", "http", "http_server", "simulator")
OPTIONS = (
    click.option("--source", type=click.Choice(["csv", "http", "http_server", "simulator"]), help="Read this alone."),
    click.option("--file", type=click.Path(path_type=Path), help="--source csv: the file."),
    click.option("--speed", type=float, help="--source csv: 1 as recorded, 10 ten times as fast, 0 at once."),
    click.option("--time", type=click.Choice(["recorded", "now"]), help="--source csv: which time readings carry."),
    click.option("--follow", is_flag=True, default=None, help="--source csv: wait for what is appended."),
    click.option("--from-start", is_flag=True, default=None, help="--source csv: also what was read before."),
    click.option("--sensor-id", help="--source csv, http: whose temperatures they are, when nothing in them says so."),
    click.option("--url", help="--source http: the address of a JSON API."),
)
KEYS = {
    "csv": {
        "file": "path",
        "speed": "speed",
        "time": "time",
        "follow": "follow",
        "from_start": "start",
        "sensor_id": "sensor_id",
    },
    "http": {"url": "url", "sensor_id": "sensor_id"},
    "http_server": {"sensor_id": "sensor_id"},
    "simulator": {},
}
NEEDED = {"csv": "file", "http": "url"}


def feed_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options to a command; they arrive as its keyword arguments."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def require_csv(config: Config, *, now: bool) -> None:
    """See csv_reading.require_readable, which is loaded only for those who read files.

    Raises:
        ConfigError: a file cannot be read, or its header is not understood.
    """
    if config.csv:
        from gateway.sources.csv_reading import require_readable

        for one in config.csv:
            require_readable(one, now=now)


def put_feed(document: dict[str, Any], feed: dict[str, Any], *, configured: bool) -> None:
    """Write the named source into the document, in place of all others.

    Args:
        document: the file's options, to be changed.
        feed: what the options say; None where one was not given.
        configured: there is a file.

    Raises:
        click.UsageError: an option is missing, or belongs to another source.
    """
    source = feed["source"]
    given = {name: value for name, value in feed.items() if value is not None and name != "source"}
    if strange := [name for name in given if source is None or name not in KEYS[source]]:
        owner = " or ".join(one for one in KEYS if strange[0] in KEYS[one])
        raise click.UsageError(f"--{strange[0].replace('_', '-')} needs --source {owner}")
    if source is None:
        return
    if (needed := NEEDED.get(source)) is not None and needed not in given:
        raise click.UsageError(f"--source {source} needs --{needed}")
    table = {KEYS[source][name]: value for name, value in given.items()}
    if "start" in table:
        table["start"] = "beginning"
    of_file = document.get(source)
    for other in SOURCES:
        document[other] = None if other in {"simulator", "http_server"} else []
    document[source] = [table] if source in NEEDED else (of_file or {}) | table
    if source == "csv" and not configured:
        document.setdefault("gateway", {})["interval_s"] = 0  # every row is meant, however fast it comes
