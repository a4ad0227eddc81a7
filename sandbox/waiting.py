import time
from collections.abc import Callable
from typing import TypeVar

from sandbox.errors import SandboxError

T = TypeVar("T")
POLL_S = 0.02


def wait_until(check: Callable[[], T], timeout_s: float, what: str, *, poll_s: float = POLL_S) -> T:
    """Ask until the answer is true-like, and return that answer.

    Args:
        check: asked at once; its exceptions pass through.
        timeout_s: how long to ask; one last time is asked when it is over.
        what: the state that is waited for, to complete "waited 5 s in vain for …".
        poll_s: the pause between two questions.

    Raises:
        SandboxError: the time is over.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        is_last = time.monotonic() >= deadline
        answer = check()
        if answer:
            return answer
        if is_last:
            raise SandboxError(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(poll_s)
