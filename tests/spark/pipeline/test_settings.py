from pathlib import Path

import pytest
from suhu_jobs.errors import UsageError
from suhu_jobs.pipeline.settings import parse_pipeline_settings


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
        (["--hot-above", "70"], "--cool-below 75 is above --hot-above 70: exchange them"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused(options: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_pipeline_settings(options)


def test_hot_and_cool_may_be_the_same() -> None:
    assert parse_pipeline_settings(["--hot-above", "75"]).cool_below_celsius == 75
