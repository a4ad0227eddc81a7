from tests.faults.outcome import Outcome
from tests.faults.report import HEAD, render


def test_each_fault_is_a_line_in_order_of_its_row() -> None:
    kill = Outcome(1, "SIGKILL", 200, 61_234, 0, 12, 345, 0, [0.9, 0.5, 0.7], at="2026-11-22 03:04")
    refused = Outcome(46, "a second daemon", runs=1, note="exit code 75")
    assert render([refused, kill]).removeprefix(HEAD) == (
        "| 1 | SIGKILL | 200 | 61,234 | 0 | 12 | 345 | 0 | 0.70 | 0.90 |  |\n"
        "| 46 | a second daemon | 1 | 0 | 0 | 0 | 0 | 0 |  |  | exit code 75 |\n"
    )
