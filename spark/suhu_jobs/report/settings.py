import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from suhu_jobs import options
from suhu_jobs.pipeline.settings import DEFAULT_HISTORY


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """What the command line asked for, checked."""

    day: str  # YYYY-MM-DD, in UTC
    history: str  # a local directory, or a URL of storage that Spark can reach
    plot: Path | None  # a PNG file to be written
    sensors: tuple[str, ...]  # empty: all
    machines: Path | None  # machines.csv
    hot_above_celsius: float
    silent_after_s: float  # a reading says nothing of what comes later than this
    master: str | None  # None: this machine


def parse_report_settings(arguments: Sequence[str]) -> ReportSettings:
    """Read the command line.

    Raises:
        UsageError: an option is unknown, or its value cannot be meant.
        SystemExit: `--help` was asked for and has been printed.
    """
    given = _parser().parse_args(arguments)
    return ReportSettings(
        day=given.day,
        history=given.history,
        plot=given.plot,
        sensors=tuple(given.sensor),
        machines=given.machines,
        hot_above_celsius=given.hot_above,
        silent_after_s=given.silent_after_s,
        master=given.master,
    )


def _parser() -> argparse.ArgumentParser:
    parser = options.OptionParser(
        description="What each machine did on a day, from the history. Defaults stand after the colons.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--day", type=_day, required=True, metavar="YYYY-MM-DD", help="in UTC")
    add("--history", default=str(DEFAULT_HISTORY), metavar="DIR", help="what pipeline.py writes: %(default)s")
    add("--plot", type=_png, metavar="FILE.png", help="draw each machine's day, too")
    add("--sensor", action="append", default=[], metavar="ID", help="only this one; may be given several times: all")
    add("--machines", type=Path, metavar="FILE", help="machines.csv, for the machines' names")
    add("--hot-above", type=options.celsius, default=80.0, metavar="°C", help="hot is strictly above it: %(default)g")
    add(
        "--silent-after-s",
        type=options.seconds,
        default=30.0,
        metavar="S",
        help="a reading holds until the next one, at most so long: %(default)g",
    )
    add("--master", help="Spark master: this machine")
    return parser


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2026-11-22") from None


def _png(text: str) -> Path:
    if not text.lower().endswith(".png"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .png: that is what is written")
    return Path(text)
