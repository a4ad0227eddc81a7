"""The process of a job: signals, JVM, log and exit code here; what the job does is its own."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event

from suhu_jobs.connector import PACKAGE, PROVIDER_CLASS
from suhu_jobs.errors import JobError, Stopped, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.jvm import EXIT_TIMEOUT_S, Jvm, is_gone

STDERR = 2


def run_job(
    name: str,
    start: Callable[[], Jvm],
    work: Callable[[Jvm, Event, EventLog], Mapping[str, int]],
    closing_s: float = EXIT_TIMEOUT_S,
) -> int:
    """Run a job until a signal comes or something ends it; return the exit code.

    Args:
        name: alerts, for `alerts.py`.
        start: starts the JVM or finds the one that started us.
        work: runs the job in it until the event is set; returns what became of its work, in numbers.
        closing_s: how long the JVM may take to end.
    """
    logging.disable()  # of kafka-python-ng and py4j, which repeat themselves and print tracebacks; the job says it once
    _keep_stderr()
    stop = Event()
    catch_signals(stop)
    jvm = start()
    write = jvm.write_stderr if jvm.submitted else _write_stderr
    log = EventLog(write)
    counts: Mapping[str, int] = {}
    try:
        _prepare(jvm, stop)
        counts = work(jvm, stop, log)
    except Stopped:
        pass
    except JobError as exc:
        write(f"{name}.py: {exc}")
        return exc.exit_code
    except Exception as exc:
        if not is_gone(exc):
            raise
        _write_stderr(f"{name}.py: Spark's JVM is gone (killed, or out of memory): start the job again, it goes on")
        return JobError.exit_code
    finally:
        jvm.close(closing_s)
    log(f"{name} stopped", **counts)
    return os.EX_OK


def catch_signals(stop: Event) -> None:
    """Have signals set `stop`; a second Ctrl-C ends the process at once, which loses nothing."""
    interrupted = Event()

    def on_signal(number: int, _frame: object) -> None:
        if number == signal.SIGINT and interrupted.is_set():
            os._exit(128 + number)
        if number == signal.SIGINT:
            interrupted.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)


def _prepare(jvm: Jvm, stop: Event) -> None:
    if not jvm.has_class(PROVIDER_CLASS):
        raise Unavailable(
            f"Spark's Kafka connector is not on the class path: spark-submit --packages {PACKAGE}, or --jars …"
        )
    if jvm.submitted:
        jvm.configure_logging()
    # Ctrl-C reaches both processes of spark-submit; alone, PySpark keeps it from the JVM.
    jvm.on_signals(("TERM", "INT") if jvm.submitted else ("TERM",), stop.set)


def _write_stderr(line: str) -> None:
    with suppress(OSError):  # nobody reads it: nothing to be done
        os.write(STDERR, f"{line}\n".encode())


def _keep_stderr() -> None:
    """Where standard error is closed, have no file of ours opened in its place."""
    if sys.stderr is None:
        while os.open(os.devnull, os.O_RDWR) <= STDERR:
            pass
