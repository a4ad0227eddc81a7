import sys
from collections.abc import Callable

from sandbox.errors import SandboxError
from sandbox.preflight import EX_UNAVAILABLE

INTERRUPTED = 130  # as shells have it


def run_step(step: Callable[[], object]) -> int:
    """Run one step of `make setup`, turn what may go wrong into one sentence, and return the exit code."""
    try:
        step()
    except SandboxError as error:
        print(f"setup: {error}", file=sys.stderr)
        return EX_UNAVAILABLE
    except OSError as error:  # a full disk hits our own files as well
        print(f"setup: {error}: free some space, or see whose the folder is; then run it again.", file=sys.stderr)
        return EX_UNAVAILABLE
    except KeyboardInterrupt:
        print("setup: interrupted; the next run goes on where this one ended.", file=sys.stderr)
        return INTERRUPTED
    return 0
