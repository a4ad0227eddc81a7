"""`gateway config show`: what is in force, and where each value comes from."""

import json
import os
import re
from pathlib import Path

import click

from gateway.changes import flat
from gateway.cli.chosen import config_option, journal_option, json_option, servers_option
from gateway.cli.places import places
from gateway.cli.run import effective_config
from gateway.cli.words import said


@click.group()
def config() -> None:
    """Look at the configuration."""


@config.command()
@config_option
@journal_option
@servers_option
@json_option
def show(config_path: Path | None, journal: Path | None, bootstrap_servers: str | None, as_json: bool) -> None:
    """Print every key that is in force, with the file and line, option or default it comes from; secrets are masked."""
    with said():
        effective = effective_config(config_path, bootstrap_servers, journal)
    written = {} if config_path is None else places(config_path.read_text("utf-8"))
    options = {"kafka.bootstrap_servers": bootstrap_servers, "journal.path": journal}
    given = flat("", effective.model_dump(exclude_unset=True))
    found = []
    for key, value in flat("", effective.model_dump()).items():
        source = "default"
        if key in given and (line := _line(key, written)) is not None:
            source = f"{config_path}:{line}"
        if options.get(key) is not None:
            source = f"option --{'journal' if key == 'journal.path' else 'bootstrap-servers'}"
        elif key == "journal.path" and source == "default" and "STATE_DIRECTORY" in os.environ:
            source = "environment STATE_DIRECTORY"
        found.append({"key": key, "value": value, "source": source})
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    width = max(len(f"{one['key']} = {one['value']}") for one in found)
    for one in found:
        text = f"{one['key']} = {one['value']}"
        click.echo(f"{text:<{min(width, 60)}}  # {one['source']}")


def _line(key: str, written: dict[str, int]) -> int | None:
    """The line of a key, or of the inline table it stands in."""
    while key not in written:
        shorter = re.sub(r"(\.[^.\[]+|\[[0-9]+\])$", "", key)
        if shorter == key or "." not in shorter:
            return None  # that the table is there says nothing about this key
        key = shorter
    return written[key]
