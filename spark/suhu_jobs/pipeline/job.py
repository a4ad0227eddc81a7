"""The wiring of the pipeline; everything else stands in the files it names."""

from contextlib import ExitStack
from threading import Event

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.connector import find_connector
from suhu_jobs.errors import StorageError
from suhu_jobs.events import EventLog
from suhu_jobs.heartbeat import Heartbeat
from suhu_jobs.jvm import Jvm, start_jvm
from suhu_jobs.lock import Lock
from suhu_jobs.metrics import serve_metrics
from suhu_jobs.patience import Patience
from suhu_jobs.pipeline.figures import Figures
from suhu_jobs.pipeline.machines import read_machines
from suhu_jobs.pipeline.progress import Progress, ProgressListener, ProgressLog
from suhu_jobs.pipeline.running import RunningQuery
from suhu_jobs.pipeline.session import driver_conf, start_pipeline_session
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.pipeline.supervision import PipelineSupervisor
from suhu_jobs.process import catch_signals, run_job
from suhu_jobs.topics import Topics


def run(settings: PipelineSettings) -> int:
    """Run until a signal comes or something ends the job; return the exit code."""
    checkpoints = {name: Checkpoint(settings.checkpoint, name) for name in settings.queries}
    connector = find_connector(settings.jars)
    if settings.machines is not None:
        read_machines(settings.machines)  # what is wrong with it is said at once; later it stops nothing

    def work(jvm: Jvm, stop: Event, log: EventLog) -> dict[str, int]:
        if not jvm.submitted:
            log("connector chosen", source=connector)
        _run_with(jvm, settings, checkpoints, stop, log)
        return {}

    return run_job("pipeline", lambda: start_jvm(driver_conf(settings, connector)), work)


def _run_with(
    jvm: Jvm, settings: PipelineSettings, checkpoints: dict[str, Checkpoint], stop: Event, log: EventLog
) -> None:
    """Run the pipeline in this JVM until a signal comes."""
    with ExitStack() as stack:
        stack.callback(_lock(settings).release)
        heartbeat = Heartbeat(settings.heartbeat)
        stack.callback(heartbeat.stop)
        figures = Figures()
        if settings.metrics_port:
            stack.callback(serve_metrics(settings.metrics_host, settings.metrics_port, figures.registry))
        topics = Topics(jvm, settings.bootstrap_servers, settings.kafka)
        stack.callback(topics.close)
        queries = [RunningQuery(name, settings, topics, checkpoints[name], figures, log) for name in settings.queries]
        for query in queries:
            query.check_same_topic()
        patience = Patience(stop, log, settings.bootstrap_servers)
        patience(lambda: [query.ensure_topics() for query in queries])
        spark = start_pipeline_session(jvm, settings)
        catch_signals(stop)  # PySpark has taken SIGINT for itself
        stack.callback(spark.stop)
        progress_log = ProgressLog(log)

        def take(progress: Progress, lag_s: float, now_s: float) -> None:
            figures.take(progress, lag_s, now_s)
            progress_log.take(progress, lag_s, now_s)

        spark.streams.addListener(ProgressListener(take))
        PipelineSupervisor(queries, stop, log, heartbeat).run(jvm, spark)


def _lock(settings: PipelineSettings) -> Lock:
    try:
        settings.state.mkdir(parents=True, exist_ok=True)
        return Lock(settings.state / "lock")
    except OSError as exc:
        raise StorageError(
            f"cannot write the state directory {settings.state} ({exc.strerror}): make it writable for this user, "
            "or give another --state"
        ) from exc
