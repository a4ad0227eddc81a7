"""The command line: one file per command."""

import click

from gateway import __version__
from gateway.cli.decode import decode
from gateway.cli.init import init
from gateway.cli.ports import ports
from gateway.cli.read import read
from gateway.cli.run import run
from gateway.cli.spool import spool
from gateway.cli.verify import verify
from gateway.cli.words import EX_USAGE

# click ends with 2 on a mistake in the arguments; sysexits.h calls that 64, and 2 is what a crash looks like.
click.UsageError.exit_code = EX_USAGE


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


main.add_command(run)
main.add_command(verify)
main.add_command(decode)
main.add_command(spool)
main.add_command(init)
main.add_command(ports)
main.add_command(read)
