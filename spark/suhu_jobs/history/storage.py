from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from suhu_jobs.errors import StorageError
from suhu_jobs.jvm import JavaError, cause


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as a listing shows it."""

    path: str  # below the storage's place
    size_bytes: int
    modified_ms: int


class Storage:
    """A directory that Spark can reach, through Hadoop's FileSystem: a local path, HDFS, an object store.

    Every change is one of three that are whole or not at all on each of them: an empty file is made, a file is moved to
    a name that is free, something is deleted. Every method raises StorageError when it cannot be done.
    """

    def __init__(self, spark: SparkSession, place: str, before_change: Callable[[str], object] = str) -> None:
        """Look at nothing yet.

        Args:
            spark: its Hadoop settings are used.
            place: a local directory, or a URL.
            before_change: told of each change before it is made; this is where a test kills the process.
        """
        place = place.removeprefix("file://")
        # Not as_uri(): Hadoop takes a %20 for three characters of the name.
        self._root = place.rstrip("/") if "://" in place else f"file://{Path(place).absolute()}"
        self._before_change = before_change
        self._new_path: Any = spark._jvm.org.apache.hadoop.fs.Path  # type: ignore[union-attr]  # None only in Connect
        self._hadoop_conf: Any = spark._jsc.hadoopConfiguration()
        self._opened: Any = None

    def url(self, path: str = "") -> str:
        """Say where a path of this storage is, for Spark and for people."""
        return f"{self._root}/{path}" if path else self._root

    def find(self, pattern: str) -> list[StoredFile]:
        """List the files whose paths match, such as `day=*/*.parquet`; none if there is no such directory."""
        with self._in_words("list", pattern):
            found = self._files.globStatus(self._new_path(self.url(pattern))) or ()
            depth = pattern.count("/") + 1
            return [
                StoredFile(
                    "/".join(status.getPath().toString().split("/")[-depth:]),
                    status.getLen(),
                    status.getModificationTime(),
                )
                for status in found
            ]

    def make_folder(self, path: str) -> None:
        """Make a directory and those above it; one that is there already is as good."""
        with self._in_words("make", path):
            if not self._files.mkdirs(self._new_path(self.url(path))):
                raise self._refused("make", path, "no reason was given")

    def make(self, path: str) -> None:
        """Make an empty file, whose name is all it says; one that is there already is as good."""
        self._before_change(f"make {path}")
        with self._in_words("write", path):
            self._files.createNewFile(self._new_path(self.url(path)))

    def move(self, source: str, target: str) -> None:
        """Move a file to a name that is free."""
        self._before_change(f"move {source} {target}")
        with self._in_words("write", target):
            target_path = self._new_path(self.url(target))
            self._files.mkdirs(target_path.getParent())
            if not self._files.rename(self._new_path(self.url(source)), target_path):
                raise self._refused("write", target, f"renaming {self.url(source)} was refused")

    def delete(self, path: str) -> None:
        """Delete a file, or a directory with all that is in it; what is not there is as good."""
        self._before_change(f"delete {path}")
        with self._in_words("delete", path):
            self._files.delete(self._new_path(self.url(path)), True)

    @property
    def _files(self) -> Any:
        if self._opened is None:
            self._opened = self._new_path(self._root).getFileSystem(self._hadoop_conf)
        return self._opened

    @contextmanager
    def _in_words(self, doing: str, path: str) -> Iterator[None]:
        try:
            yield
        except JavaError as exc:
            raise self._refused(doing, path, cause(exc)) from None  # its traces would go through Spark's log

    def _refused(self, doing: str, path: str, reason: str) -> StorageError:
        return StorageError(
            f"cannot {doing} {self.url(path)} ({reason}): see that the directory is there, may be used by this user "
            "and has space left, or give another --history"
        )
