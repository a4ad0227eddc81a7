import re
from dataclasses import dataclass

from suhu_jobs.errors import ConfigError
from suhu_jobs.history.names import OWNER_CHARS, PATHS
from suhu_jobs.history.storage import Storage

OURS = "_history"  # an underscore: readers of Parquet directories pass over it
_BATCHES = f"{OURS}/batches"
_MARK = re.compile(r"(?P<batch>[0-9]{10,})\.(?P<query_id>[0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Mark:
    """The newest batch of which files may stand in the history, and the query that writes it."""

    batch: int
    query_id: str


class Progress:
    """Which batch was written last: an empty file whose name says it, made before the first file of that batch.

    Spark runs a batch again until it is through, and then the next one. Whatever else comes belongs to another
    checkpoint or to another history, and would double readings or leave some out.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def check(self, query_id: str, batch: int) -> None:
        """See that this batch is the one that the history waits for.

        Raises:
            ConfigError: it is not, because checkpoint and history do not belong together.
            StorageError: the directory cannot be read.
        """
        place = self._storage.url()
        mark = self._newest()
        if mark is None and self._storage.find(PATHS):
            raise ConfigError(
                f"{place} holds a history, but not {_BATCHES}, which says who wrote it: bring that back, "
                "or give another --history"
            )
        if mark is None and batch > 0:
            raise ConfigError(
                f"there is no history in {place}, but the checkpoint has written {batch} batches of one: is it not "
                "mounted? Give the directory of that history with --history, or begin anew with another --checkpoint"
            )
        if mark is None:
            return
        if mark.query_id != query_id:
            raise ConfigError(
                f"the history in {place} belongs to another checkpoint (query {mark.query_id[:OWNER_CHARS]}, this one "
                f"is {query_id[:OWNER_CHARS]}), and going on would write its readings a second time: give back that "
                "--checkpoint, or another --history"
            )
        if batch not in {mark.batch, mark.batch + 1}:
            older = "the checkpoint is an older copy" if batch < mark.batch else "the history is an older copy"
            raise ConfigError(
                f"the history in {place} has the batches up to {mark.batch}, the checkpoint goes on with {batch}: "
                f"{older}. Give those that belong together, or begin both anew: another --checkpoint and --history"
            )

    def begin(self, query_id: str, batch: int) -> None:
        """Note that files of this batch will stand in the history from now on."""
        self._storage.make(f"{_BATCHES}/{batch:010}.{query_id}")
        for mark in self._marks():
            if mark.batch < batch:
                self._storage.delete(f"{_BATCHES}/{mark.batch:010}.{mark.query_id}")

    def _newest(self) -> Mark | None:
        return max(self._marks(), key=lambda mark: mark.batch, default=None)

    def _marks(self) -> list[Mark]:
        names = [file.path.rpartition("/")[2] for file in self._storage.find(f"{_BATCHES}/*")]
        found = [_MARK.fullmatch(name) for name in names]
        return [Mark(int(mark["batch"]), mark["query_id"]) for mark in found if mark]
