from contextlib import suppress
from pathlib import Path

from suhu_jobs.errors import StorageError


class Heartbeat:
    """A file whose age tells, without starting anything, that the job's queries run: docs/containers.md.

    Its time is set while they run, at least twice a second, and not by a timer: a job that hangs, that waits for Kafka
    before its start, or whose query has failed lets it grow old.
    """

    def __init__(self, file: Path | None) -> None:
        """Take the file's place, and away what an earlier run has left there.

        Args:
            file: on a local disk; None: nobody asks.

        Raises:
            StorageError: it cannot be written.
        """
        self._file = file
        if file is None:
            return
        try:
            file.touch()
            file.unlink()
        except OSError as exc:
            raise StorageError(
                f"--heartbeat {file} cannot be written ({exc.strerror}): name a file in a directory that exists and "
                "is writable for this user"
            ) from exc

    def beat(self) -> None:
        """Say that the queries run now; where that cannot be written, whoever looks at the file is told by its age."""
        if self._file is not None:
            with suppress(OSError):
                self._file.touch()

    def stop(self) -> None:
        """Say that they run no longer."""
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink()
