import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from suhu_jobs import options
from suhu_jobs.errors import UsageError
from suhu_jobs.kafka_config import KafkaConfig, read_kafka_config
from suhu_jobs.places import FETCHED_JARS, PROJECT, kept

DEFAULT_CHECKPOINT = kept("spark-pipeline", PROJECT)
DEFAULT_HISTORY = kept("history", PROJECT)
QUERY_NAMES = ("rejected", "enriched", "stats", "incidents", "history")


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What the command line asked for, checked."""

    bootstrap_servers: str  # host:port,host:port
    topic: str  # of the readings; each output topic is named after it: sensor-suhu-rejected
    checkpoint: str  # a local directory, or a URL of storage that Spark can reach; a folder per query
    state: Path  # a local directory: the lock, and which topics the queries were begun with
    history: str  # a local directory, or a URL of storage that Spark can reach: accepted readings as Parquet
    queries: tuple[str, ...]  # some of QUERY_NAMES, in their order
    master: str | None  # None: local, with a slot for each core
    create_topics: bool
    partitions: int  # of a topic that has to be created
    starting_offsets: str  # earliest or latest; counts only for a new checkpoint
    trigger_s: float  # how often a query looks for new records
    max_offsets_per_trigger: int  # records in one batch of a query, which bounds its memory
    state_partitions: int  # of queries with state; the checkpoint keeps the first value
    machines: Path | None  # machines.csv; None: no machine has a name or limits of its own
    warning_above_celsius: float  # finite; where a machine has no limit of its own, like the next one
    hot_above_celsius: float  # finite; hot is what is strictly above it
    cool_below_celsius: float  # not above hot_above_celsius; what was hot is cool strictly below it
    silent_after_s: float  # a sensor that says nothing for so long is silent
    fast_heating_celsius_per_min: float  # above 0
    stats_lateness_s: float  # 0 to 60; how far a sensor's clock may go back before its readings are late
    metrics_port: int  # 0: none
    metrics_host: str  # what Prometheus asks
    jars: str | None  # plain python only: comma-separated jars, or a directory of them
    heartbeat: Path | None = None  # a file whose time is set while every query runs
    kafka: KafkaConfig = field(default_factory=KafkaConfig)  # how to be let in

    def output_topic(self, query: str) -> str:
        """The topic that a query writes."""
        return f"{self.topic}-{query}"


def parse_pipeline_settings(arguments: Sequence[str]) -> PipelineSettings:
    """Read the command line.

    Raises:
        UsageError: an option is unknown, or its value cannot be meant.
        SystemExit: `--help` was asked for and has been printed.
    """
    given = _parser().parse_args(arguments)
    remote = "://" in given.checkpoint and not given.checkpoint.startswith("file://")
    if remote and given.state is None:
        raise UsageError(f"--checkpoint {given.checkpoint} is not on this machine: give a local directory with --state")
    if given.cool_below > given.hot_above:
        raise UsageError(f"--cool-below {given.cool_below:g} is above --hot-above {given.hot_above:g}: exchange them")
    return PipelineSettings(
        bootstrap_servers=given.bootstrap_servers,
        topic=given.topic,
        checkpoint=given.checkpoint,
        state=given.state or Path(given.checkpoint.removeprefix("file://")),
        history=given.history,
        queries=given.queries,
        master=given.master,
        create_topics=given.create_topics,
        partitions=given.partitions,
        starting_offsets=given.starting_offsets,
        trigger_s=given.trigger_s,
        max_offsets_per_trigger=given.max_offsets_per_trigger,
        state_partitions=given.state_partitions,
        machines=given.machines,
        warning_above_celsius=given.warning_above,
        hot_above_celsius=given.hot_above,
        cool_below_celsius=given.cool_below,
        silent_after_s=given.silent_after_s,
        fast_heating_celsius_per_min=given.fast_heating,
        stats_lateness_s=given.stats_lateness_s,
        metrics_port=given.metrics_port,
        metrics_host=given.metrics_host,
        jars=given.jars,
        heartbeat=given.heartbeat,
        kafka=read_kafka_config(given.kafka_config),
    )


def _parser() -> argparse.ArgumentParser:
    parser = options.OptionParser(
        description="Judge, enrich, count and keep every reading. Defaults stand after the colons.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    options.add_kafka(parser)
    add("--queries", type=_queries, default=QUERY_NAMES, metavar="NAME,…", help=f"all: {','.join(QUERY_NAMES)}")
    add("--checkpoint", default=str(DEFAULT_CHECKPOINT), metavar="DIR", help="how far each query is: %(default)s")
    add("--state", type=Path, metavar="DIR", help="with a checkpoint elsewhere: a local directory for the lock")
    add("--history", default=str(DEFAULT_HISTORY), metavar="DIR", help="every reading, as Parquet: %(default)s")
    add("--master", help="Spark master: this machine, with a slot for each core")
    add("--create-topics", action=argparse.BooleanOptionalAction, default=True, help="create what is missing: yes")
    add("--partitions", type=options.partitions, default=3, help="of a topic that has to be created: %(default)s")
    add(
        "--starting-offsets",
        choices=("earliest", "latest"),
        default="earliest",
        help="of a new checkpoint: %(default)s",
    )
    add("--trigger-s", type=options.seconds, default=1.0, metavar="S", help="a batch at most so often: %(default)g")
    add(
        "--max-offsets-per-trigger",
        type=options.count,
        default=100_000,
        metavar="COUNT",
        help="records in one batch: %(default)s",
    )
    add(
        "--state-partitions",
        type=options.partitions,
        default=4,
        metavar="COUNT",
        help="of queries with state, fixed with a new checkpoint: %(default)s",
    )
    options.add_metrics(parser)
    add(
        "--jars",
        metavar="DIR|JAR,…",
        help=f"without spark-submit: Kafka connector: {FETCHED_JARS}, else a download",
    )
    options.add_heartbeat(parser)
    _add_judgements(parser.add_argument_group("what is told of a reading"))
    return parser


def _add_judgements(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add(
        "--machines",
        type=Path,
        metavar="FILE",
        help="names and limits by sensor, as in spark/machines.csv; read again when it changes: none",
    )
    add(
        "--warning-above",
        type=options.celsius,
        default=70.0,
        metavar="°C",
        help="level warning, of machines without a limit of their own: %(default)g",
    )
    add("--hot-above", type=options.celsius, default=80.0, metavar="°C", help="hot is strictly above it: %(default)g")
    add("--cool-below", type=options.celsius, default=75.0, metavar="°C", help="no longer hot: %(default)g")
    add("--silent-after-s", type=options.seconds, default=30.0, metavar="S", help="of a sensor: %(default)g")
    add(
        "--fast-heating",
        type=options.heating,
        default=10.0,
        metavar="°C/MIN",
        help="an incident above it: %(default)g",
    )
    add(
        "--stats-lateness-s",
        type=options.lateness,
        default=2.0,
        metavar="S",
        help="how much older than its sensor's newest a reading may be and still count, 0 to 60: %(default)g",
    )


def _queries(text: str) -> tuple[str, ...]:
    asked_for = text.split(",")
    unknown = [name for name in asked_for if name not in QUERY_NAMES]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no query {unknown[0]!r}: choose from {', '.join(QUERY_NAMES)}")
    return tuple(name for name in QUERY_NAMES if name in asked_for)
