import pytest
from suhu_jobs.cli import main


def test_a_wrong_option_is_one_sentence_and_exit_code_64(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--threshold", "hot"]) == 64
    assert capfd.readouterr() == ("", "alerts.py: argument --threshold: 'hot' is no temperature (see --help)\n")


def test_help_names_every_option(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    text = capfd.readouterr().out
    for option in ("--bootstrap-servers", "--threshold", "--checkpoint", "--state", "--mode", "--no-create-topics"):
        assert option in text
