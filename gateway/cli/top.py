"""`gateway top`: the running gateway, looked at every second.

Plain escape sequences: one screen of text that is drawn over needs no library, and none of the well-kept ones comes
without a few megabytes of packages on a small box.
"""

import sys
import time
from pathlib import Path
from shutil import get_terminal_size

import click

from gateway import control
from gateway.cli.chosen import journal_options
from gateway.cli.run import effective_config
from gateway.cli.status import none_runs
from gateway.cli.view import Answer, lines
from gateway.cli.words import EX_USAGE, fail, said

OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"  # xterm; the second shows the cursor again
HOME, END_OF_LINE, END_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"


@click.command()
@journal_options
@click.option("--interval", type=click.FloatRange(0.1, 60), default=1.0, show_default=True, help="Seconds.")
def top(config_path: Path | None, journal: Path | None, interval: float) -> None:
    """Watch the running gateway until Ctrl-C: readings, rates, backlog, Kafka."""
    if not sys.stdout.isatty():
        fail("top draws on a terminal, and this is none: use `gateway status`, with --json for programs", EX_USAGE)
    with said():
        path = effective_config(config_path, None, journal).journal.path
        try:
            click.echo(OTHER_SCREEN, nl=False)
            _watch(path, interval)
        except KeyboardInterrupt:
            pass
        finally:
            click.echo(FIRST_SCREEN, nl=False)


def _watch(path: Path, interval_s: float) -> None:
    before: Answer | None = None
    asked_at_s = 0.0
    while True:
        now, now_s = control.status(path), time.monotonic()
        shown = [none_runs(path)] if now is None else list(lines(now, before, now_s - asked_at_s))
        click.echo(screen(shown, *get_terminal_size()), nl=False)
        before, asked_at_s = now, now_s
        time.sleep(interval_s)


def screen(shown: list[str], columns: int, rows: int) -> str:
    """The lines, cut to a terminal of this size, drawn over what is there."""
    kept = shown[: rows - 1]
    if len(shown) > len(kept):
        kept[-1] = f"... and {len(shown) - len(kept) + 1} lines more"
    drawn = "\r\n".join(_printable(one)[:columns] + END_OF_LINE for one in [*kept, "Ctrl-C ends it"][:rows])
    return HOME + drawn + END_OF_SCREEN


def _printable(text: str) -> str:
    """A sensor may be called anything, a sequence of this terminal too."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)
