import pytest

from sandbox.errors import SandboxError
from sandbox.waiting import wait_until


def test_returns_the_first_answer_that_is_not_empty() -> None:
    answers = iter(["", "", "up", "later"])
    assert wait_until(lambda: next(answers), 5, "an answer", poll_s=0) == "up"


def test_says_what_it_waited_for_in_vain() -> None:
    with pytest.raises(SandboxError, match=r"^waited 0\.01 s in vain for the broker$"):
        wait_until(lambda: False, 0.01, "the broker", poll_s=0)


def test_asks_at_least_once() -> None:
    assert wait_until(lambda: True, 0, "an answer")
