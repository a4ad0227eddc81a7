from tests.exactly_once.report import HEAD, render
from tests.exactly_once.result import Result

STOPPED = Result(
    "micro-batch",
    seed=1,
    at="2026-11-22 03:04",
    lives=2,
    ends={"SIGKILL of Python": 1, "SIGTERM": 1},
    ended_while_starting=1,
    records=2_400,
    hot=800,
    printed=800,
    marked=1,
    recovery_s=[3.24],
)
KILLED = Result(
    "real-time",
    seed=2,
    at="2026-11-22 03:14",
    lives=3,
    ends={"SIGKILL": 3},
    broker_faults={"clean restart": 1},
    records=3_100,
    hot=1_000,
    printed=999,
    missing=1,
    marked=2,
    repeated_marked=1,
    repeated_unmarked=4,
    recovery_s=[2.0, 8.0, 4.0],
    broker_recovery_s=[0.31],
)


def test_each_kind_has_a_line_and_all_together_one() -> None:
    table = [line for line in render([STOPPED, KILLED]).removeprefix(HEAD).splitlines() if line.startswith("| ")]
    assert table[1:] == [
        "| micro-batch | 2 | 1 | 0 | 2,400 | 800 | 800 | 0 | 0 | 1 | 0 | 3.2 | 3.2 |  |  |",
        "| real-time | 3 | 3 | 1 | 3,100 | 1,000 | 999 | 1 | 4 | 2 | 1 | 4.0 | 8.0 | 0.3 | 0.3 |",
        "| all | 5 | 4 | 1 | 5,500 | 1,800 | 1,799 | 1 | 4 | 3 | 1 | 3.6 | 8.0 | 0.3 | 0.3 |",
    ]


def test_what_ended_it_is_counted() -> None:
    assert (
        "The job's ends: SIGKILL 3, SIGKILL of Python 1, SIGTERM 1; 1 of them before its first line."
        " The broker's: clean restart 1." in render([STOPPED, KILLED])
    )
