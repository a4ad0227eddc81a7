"""The wiring of the alert job; everything else stands in the files it names."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from threading import Event

from suhu_jobs.beginnings import Beginnings
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import Connector, find_connector
from suhu_jobs.errors import StorageError, Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.heartbeat import Heartbeat
from suhu_jobs.jvm import EXIT_TIMEOUT_S, Jvm, start_jvm
from suhu_jobs.ledger import Ledger
from suhu_jobs.patience import Patience
from suhu_jobs.printing import Console, wants_colour, write_all
from suhu_jobs.process import catch_signals, run_job
from suhu_jobs.session import driver_conf, start_session
from suhu_jobs.settings import AlertSettings
from suhu_jobs.supervision import Parts, Supervisor
from suhu_jobs.topic_pair import ensure_topics
from suhu_jobs.topics import Topics
from suhu_jobs.warner import Warner

SAVING_CLASSES_S = 120.0
TRIES_WITH_CLASSES = 2  # a JVM that was killed while it started says nothing of the classes


def run(settings: AlertSettings) -> int:
    """Run until a signal comes or something ends the job; return the exit code."""
    _check_stdout()
    checkpoint = Checkpoint(settings.checkpoint)
    connector = find_connector(settings.jars)
    class_cache = ClassCache(settings.class_cache.absolute(), settings.record_class_cache)

    def work(jvm: Jvm, stop: Event, log: EventLog) -> dict[str, int]:
        if not jvm.submitted:
            log("connector chosen", source=connector)
        return _run_with(jvm, settings, checkpoint, stop, log)

    closing_s = SAVING_CLASSES_S if class_cache.recording else EXIT_TIMEOUT_S
    try:
        return run_job("alerts", lambda: _start_jvm(settings, connector, class_cache), work, closing_s)
    finally:
        if class_cache.recording:
            class_cache.keep()


def _check_stdout() -> None:
    """See that there is a standard output.

    Raises:
        StorageError: there is none.
    """
    if sys.stdout is None:
        raise StorageError("standard output is closed: warnings need it, even if it leads to a file")


def _start_jvm(settings: AlertSettings, connector: Connector, class_cache: ClassCache) -> Jvm:
    for _ in range(TRIES_WITH_CLASSES):
        try:
            return start_jvm(driver_conf(settings.master, connector, class_cache))
        except Unavailable:
            if not class_cache.in_use:
                raise
    class_cache.discard()  # cut short, it crashes the JVM, each time
    return start_jvm(driver_conf(settings.master, connector, class_cache))


def _run_with(jvm: Jvm, settings: AlertSettings, checkpoint: Checkpoint, stop: Event, log: EventLog) -> dict[str, int]:
    """Run the job in this JVM until a signal comes; return what became of the alerts, in numbers."""
    with ExitStack() as stack:
        heartbeat = Heartbeat(settings.heartbeat)
        stack.callback(heartbeat.stop)
        topics = Topics(jvm, settings.bootstrap_servers, settings.kafka)
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
        catch_signals(stop)  # PySpark has taken SIGINT for itself
        stack.callback(spark.stop)
        terminal = jvm.stdout_is_terminal() if jvm.submitted else sys.stdout.isatty()
        write = jvm.write_stdout if jvm.submitted else partial(write_all, sys.stdout.fileno())
        console = Console(write, colour=wants_colour(terminal=terminal, environment=os.environ))
        warner = Warner(settings.topic, settings.threshold_celsius, ledger, console, log)
        parts = Parts(jvm, spark, topics, ledger, checkpoint, beginnings, warner, patience, heartbeat)
        supervisor = Supervisor(settings, parts, stop, log)
        if settings.metrics_port:
            stack.callback(_serve_metrics(settings, supervisor, warner))
        supervisor.run()
        return dict(warner.counts)


def _serve_metrics(settings: AlertSettings, supervisor: Supervisor, warner: Warner) -> Callable[[], None]:
    try:  # here, because a warning can be printed without this package
        from suhu_jobs.alert_figures import AlertFigures
        from suhu_jobs.metrics import serve_metrics
    except ImportError as exc:
        raise Unavailable(f"--metrics-port needs a package ({exc}): pip install prometheus-client, or 0") from exc
    registry = AlertFigures(supervisor, warner).registry()
    return serve_metrics(settings.metrics_host, settings.metrics_port, registry)
