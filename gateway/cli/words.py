"""Words for people and exit codes (sysexits.h) for programs."""

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from gateway.errors import AlreadyRunning, ConfigError, GatewayError, SinkUnavailable, SourceLost, SpoolError

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_SOFTWARE = 64, 65, 66, 69, 70
EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_NOPERM, EX_CONFIG = 73, 74, 75, 77, 78


@contextmanager
def said() -> Iterator[None]:
    """End the process with the words and the exit code of whatever error of ours gets here, without a traceback."""
    try:
        yield
    except GatewayError as exc:
        fail(str(exc), exit_code(exc))


def exit_code(error: GatewayError) -> int:
    """The sysexits code of an error."""
    match error:
        case ConfigError():
            return EX_CONFIG
        case AlreadyRunning():
            return EX_TEMPFAIL
        case SpoolError():
            return EX_NOPERM if error.forbidden else EX_IOERR
        case SinkUnavailable():
            return EX_UNAVAILABLE
        case SourceLost():
            return _of_source(error)
        case _:
            return EX_SOFTWARE


def _of_source(error: SourceLost) -> int:
    match getattr(error.__cause__, "errno", None):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return EX_NOINPUT
        case errno.EACCES | errno.EPERM:
            return EX_NOPERM
        case errno.EAGAIN | errno.EBUSY:
            return EX_TEMPFAIL
        case _:
            return EX_UNAVAILABLE


def fail(words: str, code: int) -> NoReturn:
    """Say what is wrong and end."""
    for line in words.splitlines():
        click.echo(f"gateway: {line}", err=True)
    sys.exit(code)
