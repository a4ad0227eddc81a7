import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE_S = 20.0
SILENCE_S = 2.0


class Notifications:
    """The service manager's end of the protocol: what a process that it started tells it."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address)

    def next(self, timeout_s: float = PATIENCE_S) -> str:
        """The next message."""
        self._socket.settimeout(max(timeout_s, 0.001))
        return self._socket.recv(4096).decode()

    def await_one(self, words: str) -> list[str]:
        """All messages up to the first that contains `words`."""
        deadline = time.monotonic() + PATIENCE_S
        found = [self.next()]
        while words not in found[-1]:
            found.append(self.next(deadline - time.monotonic()))
        return found

    def await_no_more(self, words: str) -> None:
        """Wait until no message with `words` has come for SILENCE_S.

        Raises:
            TimeoutError: they keep coming.
        """
        began_s = last_s = time.monotonic()
        while time.monotonic() - last_s < SILENCE_S:
            if time.monotonic() - began_s > PATIENCE_S:
                raise TimeoutError(f"{words} keeps coming")
            try:
                if words in self.next(0.1):
                    last_s = time.monotonic()
            except TimeoutError:
                continue

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
