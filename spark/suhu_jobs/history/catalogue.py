from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from suhu_jobs.history.names import PATHS, HistoryFile, covered, parse_path
from suhu_jobs.history.storage import Storage


class Catalogue:
    """Which files the history consists of, listed once and then kept in step with each change made here."""

    def __init__(self, storage: Storage, now_ms: Callable[[], int]) -> None:
        self._storage = storage
        self._now_ms = now_ms
        self._files: dict[str, dict[str, HistoryFile]] = {}  # by day, by path
        for found in storage.find(PATHS):
            file = parse_path(found.path, found.size_bytes, found.modified_ms)
            if file is not None:
                self._files.setdefault(file.day, {})[file.path] = file

    def days(self, without: Collection[str] = ()) -> list[list[HistoryFile]]:
        """The files of each day, oldest day first."""
        return [list(files.values()) for day, files in sorted(self._files.items()) if day not in without]

    def drop_covered(self) -> None:
        """Delete what a merge that was cut short would have deleted."""
        for files in self.days():
            self._delete(covered(files))

    def replace_batch(self, number: int, owner: str, staged: Mapping[str, str]) -> None:
        """Put a batch's files, by day, in the place of those that an earlier attempt at the same batch has left."""
        earlier = [f for files in self.days() for f in files if (f.tier, f.first, f.owner) == (0, number, owner)]
        self._delete(earlier)
        for day, path in staged.items():
            self._add(path, HistoryFile(day, 0, number, number, owner))

    def replace_files(self, merged: Iterable[HistoryFile], output: HistoryFile, staged: str) -> None:
        """Put a merged file in the place of those it was made of.

        It comes first: killed in between, its name says that it covers them, and nothing is lost. For these
        milliseconds a reader that does not look at names sees their readings twice.
        """
        self._add(staged, output)
        self._delete(merged)

    def _add(self, staged: str, file: HistoryFile) -> None:
        [found] = self._storage.find(staged)
        self._storage.move(staged, file.path)
        whole = replace(file, size_bytes=found.size_bytes, modified_ms=self._now_ms())
        self._files.setdefault(file.day, {})[file.path] = whole

    def _delete(self, files: Iterable[HistoryFile]) -> None:
        for file in files:
            self._storage.delete(file.path)
            self._files[file.day].pop(file.path)
