"""The command line: one file per command, imported when the command is used: the daemon needs none of the others."""

import sys
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from gateway import __version__
from gateway.cli.words import EX_USAGE

# In the order of first use.
COMMANDS = (
    "run",
    "init",
    "check",
    "doctor",
    "status",
    "top",
    "config",
    "ports",
    "read",
    "decode",
    "spool",
    "verify",
    "install-service",
)

# structlog loads rich where it is installed, to draw tracebacks: 6 MB of memory for what the gateway never shows.
sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # None makes the import fail, see importlib
# click ends with 2 on a mistake in the arguments; sysexits.h calls that 64, and 2 is what a crash looks like.
click.UsageError.exit_code = EX_USAGE


class RunByDefault(click.Group):
    """`gateway --simulate` is `gateway run --simulate`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `run` in front of options that are not the group's own."""
        is_completing = ctx.resilient_parsing and not args  # `gateway <Tab>`: a command may follow
        if not is_completing and (not args or (args[0].startswith("-") and args[0] not in {"--help", "--version"})):
            args = ["run", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands, and the options of `run`."""
        found = super().shell_complete(ctx, incomplete)
        if incomplete.startswith("-") and (run := self.get_command(ctx, "run")) is not None:
            found += run.shell_complete(click.Context(run, parent=ctx, info_name="run"), incomplete)
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name: `install-service` is `install_service` in `gateway.cli.install_service`."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"gateway.cli.{name}"), name)
        return command


@click.group(cls=RunByDefault)
@click.version_option(__version__, prog_name="gateway")
def main() -> None:
    """Machine temperatures from serial devices and MQTT to Kafka, without losing one.

    Without a command, `run` is meant: `gateway --simulate`.
    """
