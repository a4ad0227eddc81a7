"""The wiring of the alert job: signals, JVM, log and exit code here, everything else in the files it names."""

import logging
import os
import signal
import sys
from contextlib import ExitStack, suppress
from threading import Event

from suhu_jobs.beginnings import Beginnings
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import PACKAGE, PROVIDER_CLASS, Connector, find_connector
from suhu_jobs.errors import JobError, Stopped, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.jvm import EXIT_TIMEOUT_S, Jvm, is_gone, start_jvm
from suhu_jobs.ledger import Ledger
from suhu_jobs.patience import Patience
from suhu_jobs.printing import Console, wants_colour
from suhu_jobs.session import driver_conf, start_session
from suhu_jobs.settings import AlertSettings
from suhu_jobs.supervision import Parts, Supervisor
from suhu_jobs.topic_pair import ensure_topics
from suhu_jobs.topics import Topics
from suhu_jobs.warner import Warner

SAVING_CLASSES_S = 120.0


def run(settings: AlertSettings) -> int:
    """Run until a signal comes or something ends the job; return the exit code."""
    logging.disable()  # of kafka-python-ng and py4j, which repeat themselves and print tracebacks; the job says it once
    stop = Event()
    _catch_signals(stop)
    checkpoint = Checkpoint(settings.checkpoint)
    connector = find_connector(settings.jars)
    class_cache = ClassCache(settings.class_cache.absolute(), settings.record_class_cache)
    jvm = _start_jvm(settings, connector, class_cache)
    write = jvm.write_stderr if jvm.submitted else _write_stderr
    log = EventLog(write)
    counts: dict[str, int] = {}
    try:
        if not jvm.submitted:
            log("connector chosen", source=connector)
        counts = _run_with(jvm, settings, checkpoint, stop, log)
    except Stopped:
        pass
    except JobError as exc:
        write(f"alerts.py: {exc}")
        return exc.exit_code
    except Exception as exc:
        if not is_gone(exc):
            raise
        _write_stderr("alerts.py: Spark's JVM is gone (killed, or out of memory): start the job again, it goes on")
        return JobError.exit_code
    finally:
        jvm.close(SAVING_CLASSES_S if class_cache.recording else EXIT_TIMEOUT_S)
        if class_cache.recording:
            class_cache.keep()
    log("alerts stopped", **counts)
    return os.EX_OK


def _start_jvm(settings: AlertSettings, connector: Connector, class_cache: ClassCache) -> Jvm:
    try:
        return start_jvm(driver_conf(settings.master, connector, class_cache))
    except Unavailable:
        if not class_cache.in_use:
            raise
        class_cache.discard()  # cut short, it crashes the JVM
        return start_jvm(driver_conf(settings.master, connector, class_cache))


def _run_with(jvm: Jvm, settings: AlertSettings, checkpoint: Checkpoint, stop: Event, log: EventLog) -> dict[str, int]:
    """Run the job in this JVM until a signal comes; return what became of the alerts, in numbers."""
    _prepare(jvm, stop)
    with ExitStack() as stack:
        topics = Topics(jvm, settings.bootstrap_servers)
        stack.callback(topics.close)
        ledger = Ledger(settings.state)
        stack.callback(ledger.close)
        if ledger.set_aside is not None:
            log("state unreadable", moved_to=ledger.set_aside)
        beginnings = Beginnings(settings, topics, ledger, checkpoint, log)
        beginnings.check_same_job()
        patience = Patience(stop, log, settings.bootstrap_servers)
        pair = patience(lambda: ensure_topics(topics, settings, log))
        spark = start_session(jvm, settings, pair.readings.partitions)
        _catch_signals(stop)  # PySpark has taken SIGINT for itself
        stack.callback(spark.stop)
        terminal = jvm.stdout_is_terminal() if jvm.submitted else sys.stdout.isatty()
        console = Console(sys.stdout.fileno(), colour=wants_colour(terminal=terminal, environment=os.environ))
        warner = Warner(settings.topic, settings.threshold_celsius, ledger, console, log)
        parts = Parts(jvm, spark, topics, ledger, checkpoint, beginnings, warner, patience)
        Supervisor(settings, parts, stop, log).run()
        return dict(warner.counts)


def _catch_signals(stop: Event) -> None:
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
        os.write(sys.stderr.fileno(), f"{line}\n".encode())
