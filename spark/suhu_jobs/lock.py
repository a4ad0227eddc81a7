import fcntl
import os
import time
from pathlib import Path

from suhu_jobs.errors import AlreadyRunning

PATIENCE_S = 5.0  # a job whose JVM was killed needs a moment to notice


class Lock:
    """A file that one process at a time holds; the kernel lets go of it however the process ends."""

    def __init__(self, path: Path, patience_s: float = PATIENCE_S) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: another process still holds it after `patience_s`.
            OSError: the file cannot be written.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        deadline = time.monotonic() + patience_s
        while not self._taken():
            if time.monotonic() > deadline:
                holder = os.pread(self._descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
                self.release()
                raise AlreadyRunning(
                    f"a job with the state {path.parent} is running already (PID {holder}): "
                    "stop it, or give this one another --checkpoint"
                )
            time.sleep(0.05)
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go; doing it twice does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
