"""What the daemon says: to a person on a terminal, as fields to journald, as logfmt to everything else."""

import logging
import os
import sys
from typing import Any

import structlog

from gateway import journald

LOGFMT = structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], bool_as_flag=False)
MESSAGE = structlog.processors.LogfmtRenderer(key_order=["event"], bool_as_flag=False)


def configure_logging(*, verbose: bool) -> None:
    """Decide by what standard error is, once."""
    if sys.stderr.isatty():
        renderer: Any = structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
        stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    else:
        is_journal = journald.leads_there(2, os.environ)
        renderer = _ToJournald(journald.Journald()) if is_journal else LOGFMT
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG if verbose else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(_Stderr()),  # type: ignore[arg-type]  # it needs no more of a file
        cache_logger_on_first_use=True,
    )


class _ToJournald:
    """The last processor: hands the event over, and leaves a line for standard error only when that fails."""

    def __init__(self, journal: journald.Journald) -> None:
        self._journal = journal

    def __call__(self, logger: Any, method: str, event: Any) -> Any:
        plain = {name: value for name, value in event.items() if name not in {"level", "timestamp"}}
        if self._journal.send(journald.entry(event, str(MESSAGE(logger, method, plain)))):
            raise structlog.DropEvent
        return LOGFMT(logger, method, event)


class _Stderr:
    """Standard error, of which nobody may be left at the other end: no reason to stop forwarding readings."""

    def write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
        except OSError:
            pass

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except OSError:
            pass
