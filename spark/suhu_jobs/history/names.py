import re
from collections.abc import Iterable
from dataclasses import dataclass

_PATH = re.compile(
    r"day=(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})/"
    r"t(?P<tier>[0-9]+)-(?P<first>[0-9]{10,})-(?P<last>[0-9]{10,})-(?P<owner>[0-9a-f]{8})\.parquet"
)
OWNER_CHARS = 8  # of the query's id: enough to tell two queries apart that a person has put into one directory
PATHS = "day=*/*.parquet"  # what everybody reads


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """The readings of one day out of one batch (tier 0), or out of a run of batches (merged from lower tiers).

    The name says which batches are in it. So whoever lists a day sees which files repeat others, and a merge that was
    cut short needs no record of its own: what a higher tier covers is in there, and may go.
    """

    day: str  # YYYY-MM-DD of measured_at, in UTC
    tier: int
    first: int  # number of the oldest batch
    last: int  # number of the newest batch
    owner: str  # the query that wrote it
    size_bytes: int = 0
    modified_ms: int = 0

    @property
    def path(self) -> str:
        """Where it is in the history directory."""
        return f"day={self.day}/t{self.tier}-{self.first:010}-{self.last:010}-{self.owner}.parquet"

    def covers(self, other: "HistoryFile") -> bool:
        """Tell whether every reading of the other file is in this one, too."""
        return (
            (self.day, self.owner) == (other.day, other.owner)
            and self.tier > other.tier
            and self.first <= other.first
            and other.last <= self.last
        )


def parse_path(path: str, size_bytes: int = 0, modified_ms: int = 0) -> HistoryFile | None:
    """Read a path in the history directory; None for a file that is not ours."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    return HistoryFile(
        found["day"],
        int(found["tier"]),
        int(found["first"]),
        int(found["last"]),
        found["owner"],
        size_bytes,
        modified_ms,
    )


def covered(files: Iterable[HistoryFile]) -> list[HistoryFile]:
    """Of the files of one day, name those that another one covers."""
    known = list(files)
    return [file for file in known if any(other.covers(file) for other in known)]
