import os
from collections.abc import Mapping, Sequence

from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from suhu_jobs.class_cache import ClassCache
from suhu_jobs.connector import Connector
from suhu_jobs.errors import Unavailable
from suhu_jobs.jvm import LOG_SETTINGS, JavaError, Jvm, cause
from suhu_jobs.settings import AlertSettings

LOCAL_CHECKPOINTS = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
DRIVER_MEMORY = "512m"
SPARE_SLOTS = 8  # a slot that is not used costs nothing, and a topic may grow
SPARK_SUBMIT_DEFAULT = "local[*]"  # as many slots as cores, whatever the topic has
# A worker that hangs or lost its power is given up after half a minute, not after two; others do its tasks then.
LOSS_IS_NOTICED = {
    "spark.executor.heartbeatInterval": "5s",
    "spark.network.timeoutInterval": "5s",
    "spark.network.timeout": "30s",
}
QUIET_JAVA = (
    "-XX:+UseSerialGC",  # few megabytes, few threads
    "-Xlog:disable",
    "-Xlog:all=error:stderr",  # standard output belongs to the warnings
    f'-Dlog4j2.configurationFile="{LOG_SETTINGS.as_uri()}"',
)
_JAVA_OPTIONS = ("-XX:TieredStopAtLevel=1", *QUIET_JAVA)  # code that is warm at once
_CONF = {
    "spark.ui.liveUpdate.period": "0",  # else a task that runs for minutes is counted as active 10 s late
    "spark.sql.shuffle.partitions": "1",
}


def driver_conf(master: str | None, connector: Connector, class_cache: ClassCache) -> dict[str, str]:
    """Settings that the alert job's JVM must be started with; under spark-submit they are the caller's."""
    return jvm_conf(master, connector, DRIVER_MEMORY, [*_JAVA_OPTIONS, *class_cache.java_options()])


def jvm_conf(master: str | None, connector: Connector, memory: str, java_options: Sequence[str]) -> dict[str, str]:
    """Settings that a job's JVM must be started with."""
    local = is_local(master)
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # nobody else is to reach the driver
    return {
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": " ".join(java_options),
        **connector.conf(local=local),
    }


def is_local(master: str | None) -> bool:
    """Tell whether the executors are the driver itself."""
    return master is None or master.startswith("local")


def start_session(jvm: Jvm, settings: AlertSettings, partitions: int) -> SparkSession:
    """Start Spark in the JVM; what spark-submit was told has precedence over what we would choose.

    Raises:
        Unavailable: the master does not answer, or refuses.
    """
    return open_session(jvm, "suhu-alerts", settings.master, partitions + SPARE_SLOTS, settings.checkpoint, _CONF)


def open_session(
    jvm: Jvm, name: str, asked_for: str | None, slots: int, checkpoint: str, own_conf: Mapping[str, str]
) -> SparkSession:
    """Start Spark in the JVM, for any of the jobs.

    Args:
        jvm: the driver's.
        name: of the application.
        asked_for: the master of our own option.
        slots: how many tasks shall run at once when the master is left to us.
        checkpoint: where the queries keep what they know.
        own_conf: what this job needs besides what all need.

    Raises:
        Unavailable: the master does not answer, or refuses.
    """
    told = jvm.java.System.getProperty if jvm.submitted else lambda _key: None
    master = _master(asked_for, told("spark.master"), slots)
    conf_here = {**_common_conf(name, checkpoint, master), **own_conf}
    wanted = {key: value for key, value in conf_here.items() if told(key) is None}
    conf = SparkConf(loadDefaults=False).setAll([*wanted.items(), ("spark.master", master)])
    try:
        context = SparkContext(conf=conf, gateway=jvm.gateway)
    except JavaError as exc:
        reason = cause(exc).partition(" This stopped SparkContext was created at:")[0]  # a stack trace follows
        raise Unavailable(f"Spark did not start on the master {master} ({reason}): check --master") from exc
    if jvm.submitted:
        jvm.configure_logging()  # again: under spark-submit a new context goes back to Spark's own settings
    return SparkSession(context)


def _master(asked_for: str | None, submitted_with: str | None, slots: int) -> str:
    """Take our own option, else what spark-submit was told, else this machine with enough slots."""
    if asked_for is not None:
        return asked_for
    if submitted_with not in {None, SPARK_SUBMIT_DEFAULT}:
        return str(submitted_with)
    return f"local[{slots}]"


def _common_conf(name: str, checkpoint: str, master: str) -> dict[str, str]:
    conf = {
        "spark.app.name": name,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.retainedJobs": "10",
        "spark.ui.retainedStages": "10",
        "spark.ui.retainedTasks": "1000",
        "spark.sql.ui.retainedExecutions": "10",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.adaptive.enabled": "false",  # streams cannot have it, and Spark would say so
        "spark.sql.streaming.stopTimeout": "5s",
        # A kill while the first offsets are written leaves a temporary file, with which Spark would never start again.
        "spark.sql.streaming.verifyCheckpointDirectoryEmptyOnStart": "false",
        "spark.sql.streaming.numRecentProgressUpdates": "2",
    }
    if is_local(master):
        conf |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    else:
        conf |= LOSS_IS_NOTICED
    if "://" not in checkpoint.removeprefix("file://"):
        conf["spark.sql.streaming.checkpointFileManagerClass"] = LOCAL_CHECKPOINTS
    return conf
