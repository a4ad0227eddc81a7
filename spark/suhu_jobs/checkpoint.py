import json
import os
from datetime import UTC, datetime
from pathlib import Path

from suhu_jobs.errors import ConfigError, StorageError


class Checkpoint:
    """Where Spark keeps how far the query has read: `query/` in a directory of ours, or a URL that Spark can reach."""

    def __init__(self, place: str, query: str | None = None) -> None:
        """Prepare the place.

        Args:
            place: a directory or URL.
            query: which of the job's queries it is for, when there are several: it has a folder of that name.

        Raises:
            StorageError: it cannot be written.
        """
        self.query = query
        folder = place.removeprefix("file://")
        self._place = f"{folder.rstrip('/')}/{query}" if query else folder
        self.local = "://" not in self._place
        self._query = Path(self._place).absolute() / "query"
        if self.local:
            self._prepare()

    @property
    def location(self) -> str:
        """What to hand to Spark; a local path as URL, since a cluster's default file system may be another one."""
        return self._query.as_uri() if self.local else f"{self._place.rstrip('/')}/query"

    def begun(self) -> bool | None:
        """Tell whether a query has begun here; None if it cannot be told."""
        return (self._query / "metadata").exists() if self.local else None

    def next_offsets(self, topic: str) -> dict[int, int]:
        """The offset the next run begins with, of each partition; empty if there was no run or it cannot be told."""
        if not self.local:
            return {}
        # A batch that was planned and not committed runs again, from where the one before it ended.
        committed = [int(entry.name) for entry in self._query.glob("commits/*") if entry.name.isdecimal()]
        file = self._query / f"offsets/{max(committed)}" if committed else self._query / "sources/0/0"
        try:
            last_line = file.read_text().splitlines()[-1]
            found = json.loads(last_line).get(topic, {})
            return {int(partition): int(offset) for partition, offset in found.items()}
        except (OSError, ValueError, IndexError, AttributeError):
            return {}

    def start_over(self) -> str:
        """Move the query's checkpoint aside, so that the next run begins as if it were the first.

        Returns:
            Where the old one is now.

        Raises:
            ConfigError: it is not on this machine.
        """
        if not self.local:
            raise ConfigError(
                f"the checkpoint {self._place} belongs to a readings topic that is no more: give another --checkpoint"
            )
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        aside = self._query.with_name(f"query.before-{stamp}")
        if self._query.exists():
            self._query.rename(aside)
        return str(aside)

    def _prepare(self) -> None:
        folder = self._query.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / f".writable-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as exc:
            raise StorageError(
                f"cannot write the checkpoint directory {folder} ({exc.strerror}): "
                "make it writable for this user, or give another --checkpoint"
            ) from exc
