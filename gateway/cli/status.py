"""`gateway status`: how the running gateway is."""

import json
import sys
from pathlib import Path

import click

from gateway import control
from gateway.cli.chosen import journal_options, json_option
from gateway.cli.run import effective_config
from gateway.cli.view import lines
from gateway.cli.words import EX_UNAVAILABLE, fail, said


@click.command()
@journal_options
@json_option
def status(config_path: Path | None, journal: Path | None, as_json: bool) -> None:
    """Show how the running gateway is: sources, sensors, backlog, Kafka.

    Exit code 0 when it is well, 1 when something is not, 69 when none runs with this journal.
    """
    with said():
        path = effective_config(config_path, None, journal).journal.path
        answer = control.status(path)
    if as_json:
        click.echo(json.dumps({"running": answer is not None, **(answer or {})}, indent=2, ensure_ascii=False))
    if answer is None:
        fail(none_runs(path), EX_UNAVAILABLE)
    if not as_json:
        for line in lines(answer):
            click.echo(line)
    sys.exit(1 if answer["unready"] else 0)


def none_runs(path: Path) -> str:
    """Cause, place, remedy."""
    return (
        f"no gateway runs with the journal {path}: start it (`gateway --config FILE`, `systemctl start suhu-gateway`), "
        "or name its configuration with --config; `gateway spool status` looks into a journal without one"
    )
