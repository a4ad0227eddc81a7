import os
from functools import partial
from pathlib import Path

from sandbox.waiting import wait_until

EMPTY_TIMEOUT_S = 40.0


def remove(group: Path) -> None:
    """Remove a control group and those below it, once the processes in them have ended.

    Raises:
        SandboxError: one does not end.
    """
    for folder, _, _ in os.walk(group, topdown=False):
        wait_until(partial(_removed, Path(folder)), EMPTY_TIMEOUT_S, f"an empty {folder}")


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:  # a process is ending in it
        return False
    return True
