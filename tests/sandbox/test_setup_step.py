import pytest

from sandbox.errors import SandboxError
from sandbox.setup_step import run_step


def fail(error: BaseException) -> None:
    raise error


def test_a_step_that_works_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step(lambda: None) == 0
    assert capsys.readouterr() == ("", "")


def test_a_known_failure_is_one_sentence_and_exit_code_69(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step(lambda: fail(SandboxError("the disk is full"))) == 69
    assert capsys.readouterr().err == "setup: the disk is full\n"


def test_ctrl_c_says_how_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step(lambda: fail(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "setup: interrupted; the next run goes on where this one ended.\n"


def test_a_full_disk_is_one_sentence_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step(lambda: fail(OSError(28, "No space left on device", "ivy.log"))) == 69
    assert capsys.readouterr().err == (
        "setup: [Errno 28] No space left on device: 'ivy.log': free some space, or see whose the folder is; "
        "then run it again.\n"
    )
