from pathlib import Path

import pytest
from suhu_jobs.cli import report


def test_a_wrong_option_is_one_sentence_and_exit_code_64(capfd: pytest.CaptureFixture[str]) -> None:
    assert report(["--day", "today"]) == 64
    assert capfd.readouterr() == ("", "report.py: argument --day: 'today' is no day like 2026-11-22 (see --help)\n")


def test_a_machines_file_that_is_not_there_is_said_before_spark_starts(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert report(["--day", "2026-11-22", "--machines", str(tmp_path / "m.csv")]) == 78
    assert capfd.readouterr().err.startswith(f"report.py: {tmp_path}/m.csv: No such file or directory: ")
