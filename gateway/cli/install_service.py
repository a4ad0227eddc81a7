"""`gateway install-service`: makes a systemd service of the gateway, and shows first what that means."""

import os
import shutil
import subprocess
import sys
from difflib import unified_diff
from pathlib import Path

import click

from gateway.cli.installation import CONFIG, UNIT, File, Installation, planned, require_usable
from gateway.cli.words import EX_CANTCREAT, EX_NOPERM, EX_UNAVAILABLE, EX_USAGE, fail, said
from gateway.config import load

COMMAND_S = 120.0
UDEV = Path("/run/udev/control")  # the socket of the one that runs; in a container none does


@click.command("install-service")
@click.option(
    "--config", "config_path", type=click.Path(readable=False, path_type=Path), help="Copied to /etc/suhu-gateway."
)
@click.option("--program", type=click.Path(path_type=Path), help="The command to start.  [default: this one]")
@click.option("--dry-run", is_flag=True, help="Only show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Replace a configuration that is there already; it is kept as .old.")
def install_service(config_path: Path | None, program: Path | None, dry_run: bool, yes: bool, force: bool) -> None:
    """Write the systemd unit, udev rules and configuration, and start the service; shows everything before it does."""
    source = _configuration(config_path, force=force)
    program = (program or _this_program()).absolute()
    with said():
        require_usable(program, load(source))
    if not os.access(program, os.X_OK):
        fail(f"{program} is no program that can be started: name the gateway's command with --program", EX_USAGE)
    plan = planned(program, source.read_text("utf-8"), has_udev=UDEV.exists())
    _show(plan)
    if dry_run:
        return
    if os.geteuid() != 0:
        fail(f"{UNIT} can be written by root only: run it with sudo; --dry-run shows everything without", EX_NOPERM)
    if not Path("/run/systemd/system").exists():
        fail("systemd does not run here: start `gateway run --config FILE` by what does", EX_UNAVAILABLE)
    if not yes and not click.confirm("Do it?", err=True):
        return
    for one in plan.files:
        _write(one)
    for command in plan.commands:
        _run(command)
    click.echo(f"the service runs: `systemctl status {UNIT.stem}`, `gateway status --config {CONFIG}`")


def _configuration(given: Path | None, *, force: bool) -> Path:
    """The file whose text the service is to have."""
    if CONFIG.exists() and not os.access(CONFIG, os.R_OK):
        fail(f"{CONFIG} is there, and this user may not read it: run it with sudo", EX_NOPERM)
    if given is None:
        if not CONFIG.exists():
            fail(f"{CONFIG} is not there: give --config FILE; `gateway init` writes a first one", EX_USAGE)
        return CONFIG
    with said():
        load(given)  # in its words when it cannot be read
    if not force and CONFIG.exists() and CONFIG.read_bytes() != given.read_bytes():
        fail(f"{CONFIG} is there already and differs: leave --config out to keep it, or give --force", EX_CANTCREAT)
    return given


def _this_program() -> Path:
    """The `gateway` command beside this Python, else the one that was called."""
    beside = Path(sys.executable).parent / "gateway"
    return beside if beside.exists() else Path(shutil.which(sys.argv[0]) or sys.argv[0])


def _show(plan: Installation) -> None:
    for one in plan.files:
        click.echo(f"{one.change:<9} {one.path}")
        if one.change == "changed":
            now = one.path.read_text("utf-8").splitlines()
            for line in unified_diff(now, one.text.splitlines(), "now", "then", lineterm="", n=0):
                click.echo(f"          {line}")
        elif one.change == "new":
            for line in one.text.splitlines():
                click.echo(f"          | {line}")
    for command in plan.commands:
        click.echo(f"run       {' '.join(command)}")


def _write(one: File) -> None:
    """Write a file whole, or not at all."""
    if one.change == "unchanged":
        return
    try:
        one.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = one.path.with_name(one.path.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(one.mode)  # before there is anything to read in it
        fresh.write_text(one.text, "utf-8")
        fresh.chmod(one.mode)  # whatever the umask is
        if one.path == CONFIG and CONFIG.exists():
            old = CONFIG.with_name(CONFIG.name + ".old")
            shutil.copy2(CONFIG, old)
            old.chmod(one.mode)
        fresh.replace(one.path)
    except OSError as exc:
        fail(f"{one.path} cannot be written: {exc.strerror or exc}: is its disk full or read-only?", EX_CANTCREAT)


def _run(command: tuple[str, ...]) -> None:
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    except FileNotFoundError:
        fail(f"there is no `{command[0]}` here, which `{' '.join(command)}` needs: install it", EX_UNAVAILABLE)
    except subprocess.TimeoutExpired:
        fail(f"`{' '.join(command)}` has not ended within {COMMAND_S:.0f} s: try it by hand", EX_UNAVAILABLE)
    if ended.returncode != 0:
        said_text = (ended.stderr or ended.stdout).strip() or f"exit code {ended.returncode}"
        fail(f"`{' '.join(command)}` failed: {said_text}; `journalctl -u {UNIT.stem}` may say more", EX_UNAVAILABLE)
