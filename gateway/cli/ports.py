"""`gateway ports`: which serial ports there are, by which name to configure them, and who has them open."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from gateway.cli.words import EX_NOINPUT, fail
from gateway.sources.port_list import PluggedIn, described, plugged_in


@click.command()
@click.argument("paths", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
def ports(paths: tuple[str, ...], as_json: bool) -> None:
    """List the serial ports of this machine, or those at PATHS."""
    for path in paths:
        if not Path(path).exists():
            fail(f"{path} is not there: plug the device in, or leave the path out to see what is", EX_NOINPUT)
    found = described(paths) if paths else plugged_in()
    if as_json:
        click.echo(json.dumps([{**asdict(one), "best_name": one.best_name} for one in found], indent=2))
        return
    for one in found:
        _print(one)
    if not found:
        click.echo(
            "no serial port is there: plug a device in; in a container, mount /dev and permit its devices "
            "(`lsusb` shows what the machine sees)",
            err=True,
        )


def _print(one: PluggedIn) -> None:
    maker = " ".join(text for text in (one.manufacturer, one.product) if text)
    click.echo(f"{one.path}{f'  {one.usb_id}' if one.usb_id else ''}{f'  {maker}' if maker else ''}")
    if one.best_name != one.path:
        click.echo(f'  port = "{one.best_name}"')
    for kind, name in (("by-id", one.by_id), ("by-path", one.by_path)):
        if name is not None and name != one.best_name:
            click.echo(f"  {kind}  {name}")
    if one.holders:
        click.echo(f"  open in {', '.join(map(str, one.holders))}")
