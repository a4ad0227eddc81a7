from pathlib import Path

import pytest
from suhu_jobs.errors import UsageError
from suhu_jobs.report.settings import parse_report_settings


def test_defaults() -> None:
    settings = parse_report_settings(["--day", "2026-11-22"])
    assert (settings.day, settings.sensors, settings.plot, settings.machines) == ("2026-11-22", (), None, None)
    assert (settings.hot_above_celsius, settings.silent_after_s, settings.master) == (80.0, 30.0, None)
    assert settings.history.endswith("/var/history")


def test_everything_given() -> None:
    arguments = ["--day", "20261122", "--history", "hdfs://n/h", "--plot", "a.PNG", "--sensor", "S1", "--sensor", "S2"]
    more = ["--machines", "m.csv", "--hot-above", "75.5", "--silent-after-s", "5", "--master", "spark://h:7077"]
    settings = parse_report_settings([*arguments, *more])
    assert (settings.day, settings.history, settings.plot) == ("2026-11-22", "hdfs://n/h", Path("a.PNG"))
    assert (settings.sensors, settings.machines) == (("S1", "S2"), Path("m.csv"))
    assert (settings.hot_above_celsius, settings.silent_after_s, settings.master) == (75.5, 5.0, "spark://h:7077")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: --day"),
        (["--day", "yesterday"], "'yesterday' is no day like 2026-11-22"),
        (["--day", "2026-02-30"], "'2026-02-30' is no day"),
        (["--day", "2026-11-22", "--plot", "a.jpg"], "'a.jpg' must end in .png"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        parse_report_settings(arguments)
