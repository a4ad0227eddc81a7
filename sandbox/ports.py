import fcntl
import random
import tempfile
from pathlib import Path
from typing import IO

from sandbox.errors import SandboxError
from sandbox.preflight import holder_of, is_free

# Below the range that operating systems take the ports of outgoing connections from: no client can sit on a
# port of ours while its server is being restarted.
FIRST_PORT, LAST_PORT = 20000, 29999
ATTEMPTS = 200


class Port:
    """A port of 127.0.0.1 that is ours until `release` or the end of this process.

    A lock on a file keeps other sandboxes of this machine off it, also while no server listens there.
    """

    def __init__(self, number: int, lock: IO[str] | None = None) -> None:
        self.number = number
        self._lock = lock

    @classmethod
    def reserve(cls) -> "Port":
        """Take a free port."""
        locks = Path(tempfile.gettempdir()) / "suhu-sandbox-ports"
        locks.mkdir(mode=0o777, exist_ok=True)
        for number in random.sample(range(FIRST_PORT, LAST_PORT + 1), ATTEMPTS):
            lock = _try_to_lock(locks / str(number))
            if lock is None:
                continue
            if is_free(number):
                return cls(number, lock)
            lock.close()
        raise SandboxError(f"no free port found in {FIRST_PORT}-{LAST_PORT}: stop what listens there")

    @classmethod
    def fixed(cls, number: int) -> "Port":
        """Take the port that the user asks for.

        Raises:
            SandboxError: another program listens there; names it.
        """
        if not is_free(number):
            raise SandboxError(f"Port {number} is taken by {holder_of(number)}: stop that program or choose another.")
        return cls(number)

    def release(self) -> None:
        """Let others have it."""
        if self._lock:
            self._lock.close()


def _try_to_lock(path: Path) -> IO[str] | None:
    try:
        lock = path.open("w")
    except PermissionError:  # made by another user
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
