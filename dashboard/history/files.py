"""Which files a day consists of. Names say which of them repeat others: contracts/history.md."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dashboard.errors import HistoryError

_DAY = re.compile(r"day=(\d{4}-\d\d-\d\d)", re.ASCII)
_FILE = re.compile(r"t(\d+)-(\d{10,})-(\d{10,})-([0-9a-f]{8})\.parquet", re.ASCII)


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file of a day, by what its name says."""

    name: str
    tier: int
    first: int
    last: int
    owner: str

    def repeats(self, other: "DayFile") -> bool:
        """Tell whether every reading of the other one is in here, too."""
        return (
            self.owner == other.owner
            and self.tier > other.tier
            and self.first <= other.first
            and other.last <= self.last
        )


def parse_day(text: str) -> str:
    """Read a day that somebody asks for; nothing else ever becomes part of a path.

    Raises:
        HistoryError: it is none.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise HistoryError(400, "day must be a UTC day such as 2026-11-22")
    return text


def days(folder: Path) -> list[str]:
    """The days that there are, the newest first.

    Raises:
        HistoryError: the folder cannot be read.
    """
    try:
        found = [_DAY.fullmatch(each.name) for each in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise HistoryError(
            500, f"the history cannot be read ({exc.strerror}): see --history and who may read it"
        ) from exc
    return sorted((match[1] for match in found if match), reverse=True)


def files_of(folder: Path, day: str) -> list[str]:
    """Paths of a day's files, without those that a merge under way has not deleted yet.

    Raises:
        HistoryError: the folder cannot be read.
    """
    place = folder / f"day={day}"
    try:
        names = [each.name for each in place.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as exc:
        raise HistoryError(500, f"the history of {day} cannot be read ({exc.strerror}): see who may read it") from exc
    return [str(place / file.name) for file in _without_repeated(parse_files(names))]


def parse_files(names: Iterable[str]) -> list[DayFile]:
    """What is a file of the history; others are passed over."""
    matches = (_FILE.fullmatch(name) for name in names)
    return [DayFile(m[0], int(m[1]), int(m[2]), int(m[3]), m[4]) for m in matches if m]


def _without_repeated(files: list[DayFile]) -> list[DayFile]:
    return sorted(
        (file for file in files if not any(other.repeats(file) for other in files)), key=lambda file: file.name
    )
