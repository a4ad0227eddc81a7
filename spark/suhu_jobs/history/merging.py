"""What to merge next: pure, so that it can be tried on thousands of days. One merge at a time, none too large."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from suhu_jobs.history.names import HistoryFile

# Of one tier. A day with a batch a second has some 100 files while it lasts, and each reading is written four times.
FILES_PER_MERGE = 32
MAX_BYTES = 64 * 2**20  # of one merge, which bounds how long the next batch waits; some 13 million readings
QUIET_MS = 10 * 60 * 1000  # a day that is over may still get late readings; it is closed when none came for so long


@dataclass(frozen=True, slots=True)
class Merge:
    """Files of one day, with no batch between them left out, that become one."""

    files: tuple[HistoryFile, ...]

    @property
    def output(self) -> HistoryFile:
        """The file that they become."""
        tier = 1 + max(file.tier for file in self.files)
        first, last = self.files[0], self.files[-1]
        return HistoryFile(first.day, tier, first.first, last.last, first.owner)


def next_merge(days: Sequence[Sequence[HistoryFile]], before_batch: int, now_ms: int) -> Merge | None:
    """Choose the files that are to become one.

    Args:
        days: the files of each day, none of them covered by another.
        before_batch: only files of older batches: later ones may still be written again.
        now_ms: decides which days are over.

    Returns:
        As many neighbours of one tier as make a merge, of whatever day; else what a closed day is still made of.
    """
    settled = [sorted((f for f in files if f.last < before_batch), key=lambda f: f.first) for files in days]
    for files in settled:
        run = _full_tier(files)
        if run:
            return Merge(run)
    for files in settled:
        run = _fitting(files) if _closed(files, now_ms) else ()
        if run:
            return Merge(run)
    return None


def _full_tier(files: Sequence[HistoryFile]) -> tuple[HistoryFile, ...]:
    for _, neighbours in groupby(files, key=lambda f: (f.tier, f.owner)):
        run = tuple(neighbours)[:FILES_PER_MERGE]
        if len(run) == FILES_PER_MERGE and sum(f.size_bytes for f in run) <= MAX_BYTES:
            return run
    return ()


def _closed(files: Sequence[HistoryFile], now_ms: int) -> bool:
    today = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y-%m-%d")
    return bool(files) and files[0].day < today and max(f.modified_ms for f in files) <= now_ms - QUIET_MS


def _fitting(files: Sequence[HistoryFile]) -> tuple[HistoryFile, ...]:
    """Take the first neighbours that may become one file."""
    run: list[HistoryFile] = []
    for file in files:
        if run and (file.owner != run[0].owner or sum(f.size_bytes for f in run) + file.size_bytes > MAX_BYTES):
            if len(run) > 1:
                break
            run = []
        run.append(file)
    return tuple(run) if len(run) > 1 else ()
