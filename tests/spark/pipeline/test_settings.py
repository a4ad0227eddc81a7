from pathlib import Path

import pytest
from suhu_jobs.cli import pipeline
from suhu_jobs.errors import UsageError
from suhu_jobs.pipeline.queries import QUERIES
from suhu_jobs.pipeline.settings import QUERY_NAMES, parse_pipeline_settings


def test_every_query_can_be_named_and_runs_unless_others_are() -> None:
    assert set(QUERY_NAMES) == QUERIES.keys()
    assert parse_pipeline_settings([]).queries == QUERY_NAMES
    assert parse_pipeline_settings(["--queries", "rejected"]).queries == ("rejected",)


def test_output_topics_are_named_after_the_readings_topic() -> None:
    assert parse_pipeline_settings([]).output_topic("rejected") == "sensor-suhu-rejected"
    assert parse_pipeline_settings(["--topic", "t"]).output_topic("rejected") == "t-rejected"


def test_state_stands_in_a_local_checkpoint_and_must_be_named_beside_another() -> None:
    assert parse_pipeline_settings(["--checkpoint", "/a/b"]).state == Path("/a/b")
    with pytest.raises(UsageError, match="--checkpoint s3a://b/c is not on this machine: give a local directory with"):
        parse_pipeline_settings(["--checkpoint", "s3a://b/c"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--queries", "guess"], "argument --queries: there is no query 'guess': choose from rejected"),
        (["--trigger-s", "0"], "argument --trigger-s: '0' is no number of seconds above 0 (see --help)"),
        (["--max-offsets-per-trigger", "-1"], "'-1' is no whole number above 0 (see --help)"),
        (["--metrics-port", "65536"], "argument --metrics-port: '65536' is no port (0 to 65535) (see --help)"),
        (["--state-partitions", "0"], "argument --state-partitions: '0' is no number of partitions (see --help)"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_code_64(
    capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert pipeline(arguments) == 64
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pipeline.py: ")
    assert words in err


def test_limits_without_options() -> None:
    settings = parse_pipeline_settings([])
    assert settings.machines is None
    assert (settings.warning_above_celsius, settings.hot_above_celsius, settings.cool_below_celsius) == (70, 80, 75)
    assert (settings.silent_after_s, settings.fast_heating_celsius_per_min) == (30, 10)


def test_every_limit_can_be_set() -> None:
    options = (
        "--machines m.csv --warning-above 55.5 --hot-above 60 --cool-below -5 --silent-after-s 0.5 --fast-heating 3"
    )
    settings = parse_pipeline_settings(options.split())
    assert settings.machines == Path("m.csv")
    assert (settings.warning_above_celsius, settings.hot_above_celsius, settings.cool_below_celsius) == (55.5, 60, -5)
    assert (settings.silent_after_s, settings.fast_heating_celsius_per_min) == (0.5, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--hot-above", "nan"], "'nan' is no temperature"),
        (["--warning-above", "warm"], "'warm' is no temperature"),
        (["--silent-after-s", "0"], "'0' is no number of seconds above 0"),
        (["--fast-heating", "0"], "'0' is no rise in °C per minute above 0"),
        (["--fast-heating", "inf"], "'inf' is no rise in °C per minute above 0"),
        (["--stats-lateness-s=-1"], "'-1' is no number of seconds from 0 to 60"),
        (["--stats-lateness-s", "61"], "'61' is no number of seconds from 0 to 60"),
        (["--stats-lateness-s", "nan"], "'nan' is no number of seconds from 0 to 60"),
        (["--hot-above", "70"], "--cool-below 75 is above --hot-above 70: exchange them"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused(options: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_pipeline_settings(options)


def test_hot_and_cool_may_be_the_same() -> None:
    assert parse_pipeline_settings(["--hot-above", "75"]).cool_below_celsius == 75


def test_the_statistics_allow_two_seconds_unless_they_are_told_otherwise() -> None:
    assert parse_pipeline_settings([]).stats_lateness_s == 2.0
    assert parse_pipeline_settings(["--stats-lateness-s", "0"]).stats_lateness_s == 0.0


def test_a_history_is_a_directory_or_a_url() -> None:
    assert parse_pipeline_settings([]).history.endswith("/var/history")
    assert parse_pipeline_settings(["--history", "hdfs://n/h"]).history == "hdfs://n/h"
    assert "history" in parse_pipeline_settings([]).queries
