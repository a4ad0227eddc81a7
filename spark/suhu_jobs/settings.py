import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from suhu_jobs import options
from suhu_jobs.errors import UsageError
from suhu_jobs.kafka_config import KafkaConfig, read_kafka_config
from suhu_jobs.places import FETCHED_JARS, PROJECT, fetched, kept

DEFAULT_CHECKPOINT = kept("spark-alerts", PROJECT)
DEFAULT_CLASS_CACHE = fetched(PROJECT) / "spark-classes.jsa"


class Mode(StrEnum):
    """How Spark runs the query; what it writes is the same."""

    REAL_TIME = "real-time"  # long-running tasks, milliseconds
    MICRO_BATCH = "micro-batch"  # a small job every 100 ms: the fallback


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What the command line asked for, checked."""

    bootstrap_servers: str  # host:port,host:port
    topic: str
    alerts_topic: str
    threshold_celsius: float  # finite; warned of strictly above it
    checkpoint: str  # a local directory, or a URL of storage that Spark can reach
    state: Path  # a local directory: what has been printed
    mode: Mode
    master: str | None  # None: local, with a slot for each partition
    create_topics: bool
    partitions: int  # of a topic that has to be created
    starting_offsets: str  # earliest or latest; counts only for a new checkpoint
    jars: str | None  # plain python only: comma-separated jars, or a directory of them
    class_cache: Path  # plain python only
    record_class_cache: bool
    heartbeat: Path | None = None  # a file whose time is set while the query runs
    metrics_port: int = 0  # 0: none
    metrics_host: str = "127.0.0.1"  # what Prometheus asks
    kafka: KafkaConfig = field(default_factory=KafkaConfig)  # how to be let in


def parse_settings(arguments: Sequence[str]) -> AlertSettings:
    """Read the command line.

    Raises:
        UsageError: an option is unknown, or its value cannot be meant.
        SystemExit: `--help` was asked for and has been printed.
    """
    given = _parser().parse_args(arguments)
    remote = "://" in given.checkpoint and not given.checkpoint.startswith("file://")
    if remote and given.state is None:
        raise UsageError(f"--checkpoint {given.checkpoint} is not on this machine: give a local directory with --state")
    if given.topic == given.alerts_topic:
        raise UsageError(f"--topic and --alerts-topic are both {given.topic}: warnings need a topic of their own")
    return AlertSettings(
        bootstrap_servers=given.bootstrap_servers,
        topic=given.topic,
        alerts_topic=given.alerts_topic,
        threshold_celsius=given.threshold,
        checkpoint=given.checkpoint,
        state=given.state or Path(given.checkpoint.removeprefix("file://")) / "printed",
        mode=given.mode,
        master=given.master,
        create_topics=given.create_topics,
        partitions=given.partitions,
        starting_offsets=given.starting_offsets,
        jars=given.jars,
        class_cache=given.class_cache,
        record_class_cache=given.record_class_cache,
        heartbeat=given.heartbeat,
        metrics_port=given.metrics_port,
        metrics_host=given.metrics_host,
        kafka=read_kafka_config(given.kafka_config),
    )


def _parser() -> argparse.ArgumentParser:
    parser = options.OptionParser(
        description="Print one line for every temperature above the threshold, once. Defaults stand after the colons.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    options.add_kafka(parser)
    add("--alerts-topic", type=options.topic, default="sensor-suhu-alerts", help="written and followed: %(default)s")
    add("--threshold", type=options.celsius, default=80.0, metavar="°C", help="warn strictly above it: %(default)g")
    add("--checkpoint", default=str(DEFAULT_CHECKPOINT), metavar="DIR", help="how far Spark has read: %(default)s")
    add("--state", type=Path, metavar="DIR", help="what has been printed: `printed` in the checkpoint")
    add("--mode", type=Mode, choices=list(Mode), default=Mode.REAL_TIME, help="micro-batch is the slower fallback")
    add("--master", help="Spark master: this machine, with a slot for each partition")
    add("--create-topics", action=argparse.BooleanOptionalAction, default=True, help="create what is missing: yes")
    add(
        "--partitions",
        type=options.partitions,
        default=3,
        help="of a readings topic that has to be created: %(default)s",
    )
    add(
        "--starting-offsets",
        choices=("earliest", "latest"),
        default="earliest",
        help="of a new checkpoint; earliest also warns of the hot readings that are there already: %(default)s",
    )
    options.add_heartbeat(parser)
    options.add_metrics(parser)
    alone = parser.add_argument_group("without spark-submit")
    alone.add_argument("--jars", metavar="DIR|JAR,…", help=f"Kafka connector: {FETCHED_JARS}, else a download")
    alone.add_argument("--class-cache", type=Path, default=DEFAULT_CLASS_CACHE, metavar="FILE", help=argparse.SUPPRESS)
    alone.add_argument(
        "--record-class-cache",
        action="store_true",
        help="save the JVM's classes once a warning has been printed, and end: later starts take half the time",
    )
    return parser
