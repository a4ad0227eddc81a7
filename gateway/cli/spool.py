"""`gateway spool`: look into the journal, with the daemon running or not."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway import control
from gateway.cli.chosen import journal_options, json_option
from gateway.cli.progress import bar
from gateway.cli.run import effective_config
from gateway.cli.words import said
from gateway.journal.inspect import answer_alone

Answer = dict[str, Any]


@click.group()
def spool() -> None:
    """Look into the journal on disk; a running gateway is asked, without one the file is read."""


@spool.command()
@journal_options
@json_option
def status(config_path: Path | None, journal: Path | None, as_json: bool) -> None:
    """How many readings wait for Kafka, since when, and how full the journal is."""
    with said():
        answer, running = _ask(_path(config_path, journal), {"command": "status"})
    if as_json:
        click.echo(json.dumps({**answer, "gateway_running": running}, indent=2))
        return
    click.echo(f"gateway      {'running' if running else 'not running'}")
    if "state" in answer:
        click.echo(f"now          {answer['state']}")
    click.echo(f"journal      {answer['journal_id']}, last sequence {answer['last_sequence']}")
    since = answer["oldest_waiting_ms"]
    oldest = (
        f", the oldest measured at {datetime.fromtimestamp(since / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC" if since else ""
    )
    click.echo(f"waiting      {answer['waiting']}{oldest}")
    click.echo(f"held         {answer['held']}")
    click.echo(f"quarantined  {answer['quarantined']}")
    used = answer["bytes"] - answer["free_bytes"]
    limit = f" of {answer['max_bytes'] / 1e6:.1f}" if running else ""  # set by the gateway, each time it opens the file
    click.echo(f"size         {used / 1e6:.1f}{limit} MB")


@spool.command()
@journal_options
@json_option
def verify(config_path: Path | None, journal: Path | None, as_json: bool) -> None:
    """Check every page and record of the journal; exit code 1 when one is damaged or missing."""
    with said():
        answer, _ = _ask(_path(config_path, journal), {"command": "verify"})
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(f"{answer['checked']} waiting records checked")
        for name in ("damaged_pages", "damaged_records", "holes"):
            if answer[name]:
                click.echo(f"{name.replace('_', ' ')}: {answer[name]}")
        click.echo("all is well" if answer["ok"] else "the journal is damaged")
    sys.exit(0 if answer["ok"] else 1)


@spool.command()
@journal_options
def export(config_path: Path | None, journal: Path | None) -> None:
    """Print every record that waits for Kafka, one JSON line each, exactly as it would be sent."""
    with said():
        path = _path(config_path, journal)
        answer, _ = _ask(path, {"command": "status"})
        with bar("exporting", answer["waiting"], beside_output=True) as moving:
            for record in _records(path, "export"):
                click.echo(record["value"])
                moving.update(1)


@spool.command()
@journal_options
def quarantine(config_path: Path | None, journal: Path | None) -> None:
    """Print every record that Kafka refused or that was damaged, one JSON line each, with its reason."""
    with said():
        for record in _records(_path(config_path, journal), "quarantine"):
            click.echo(json.dumps(record, ensure_ascii=False))


def _path(config_path: Path | None, journal: Path | None) -> Path:
    return effective_config(config_path, None, journal).journal.path


def _ask(path: Path, request: Answer) -> tuple[Answer, bool]:
    """The answer, and whether a running gateway gave it."""
    answer = control.ask(path, request)
    return (answer_alone(path, request), False) if answer is None else (answer, True)


def _records(path: Path, command: str) -> Iterator[Answer]:
    request: Answer = {"command": command}
    while True:
        answer, _ = _ask(path, request)
        yield from answer["records"]
        if not answer["records"]:
            return
        request["after"] = answer["records"][-1]["sequence"]
