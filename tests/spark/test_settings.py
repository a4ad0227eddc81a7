from pathlib import Path

import pytest
from suhu_jobs.errors import UsageError
from suhu_jobs.settings import PROJECT, AlertSettings, Mode, parse_settings


def test_everything_has_a_default() -> None:
    assert parse_settings([]) == AlertSettings(
        bootstrap_servers="localhost:9092",
        topic="sensor-suhu",
        alerts_topic="sensor-suhu-alerts",
        threshold_celsius=80.0,
        checkpoint=f"{PROJECT}/var/spark-alerts",
        state=PROJECT / "var/spark-alerts/printed",
        mode=Mode.REAL_TIME,
        master=None,
        create_topics=True,
        partitions=3,
        starting_offsets="earliest",
        jars=None,
        class_cache=PROJECT / ".fetched/spark-classes.jsa",
        record_class_cache=False,
        heartbeat=None,
        metrics_port=0,
        metrics_host="127.0.0.1",
    )


def test_every_option_is_taken() -> None:
    arguments = (
        "--bootstrap-servers a:1,b:2 --topic t --alerts-topic u --threshold -5.5 --checkpoint /c --state /s "
        "--mode micro-batch --master local[3] --no-create-topics --partitions 12 --starting-offsets latest "
        "--jars /j --class-cache /k --record-class-cache --heartbeat /h --metrics-port 9110 --metrics-host ::1"
    )
    assert parse_settings(arguments.split()) == AlertSettings(
        bootstrap_servers="a:1,b:2",
        topic="t",
        alerts_topic="u",
        threshold_celsius=-5.5,
        checkpoint="/c",
        state=Path("/s"),
        mode=Mode.MICRO_BATCH,
        master="local[3]",
        create_topics=False,
        partitions=12,
        starting_offsets="latest",
        jars="/j",
        class_cache=Path("/k"),
        record_class_cache=True,
        heartbeat=Path("/h"),
        metrics_port=9110,
        metrics_host="::1",
    )


def test_a_checkpoint_elsewhere_needs_a_state_here() -> None:
    assert parse_settings(["--checkpoint", "s3a://b/c", "--state", "/s"]).state == Path("/s")
    assert parse_settings(["--checkpoint", "file:///c"]).state == Path("/c/printed")
    with pytest.raises(UsageError, match="s3a://b/c is not on this machine: give a local directory with --state"):
        parse_settings(["--checkpoint", "s3a://b/c"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--treshold", "80"], "unrecognized arguments: --treshold 80 (see --help)"),
        (["--thresh", "80"], "unrecognized arguments: --thresh 80 (see --help)"),
        (["--threshold", "hot"], "argument --threshold: 'hot' is no temperature (see --help)"),
        (["--threshold", "nan"], "argument --threshold: 'nan' is no temperature (see --help)"),
        (["--bootstrap-servers", "kafka"], "argument --bootstrap-servers: 'kafka' is not HOST:PORT (see --help)"),
        (["--bootstrap-servers", "k:1,"], "argument --bootstrap-servers: '' is not HOST:PORT (see --help)"),
        (["--bootstrap-servers", "k:99999"], "argument --bootstrap-servers: 'k:99999' is not HOST:PORT (see --help)"),
        (["--partitions", "0"], "argument --partitions: '0' is no number of partitions (see --help)"),
        (
            ["--topic", "a b"],
            "argument --topic: 'a b' is no topic name: "
            "up to 249 letters, digits, dots, dashes, underscores (see --help)",
        ),
        (
            ["--topic", "t", "--alerts-topic", "t"],
            "--topic and --alerts-topic are both t: warnings need a topic of their own",
        ),
    ],
)
def test_a_mistake_is_named(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_settings(arguments)
    assert str(refused.value) == words


def test_an_unknown_mode_is_named() -> None:
    with pytest.raises(UsageError, match=r"argument --mode: .*'continuous'"):
        parse_settings(["--mode", "continuous"])
