from bench.result import Result, shortfalls
from bench.targets import Target


def test_a_limit_that_does_not_hold_is_said_with_both_numbers() -> None:
    slow = Target("records_per_s", 25_000, 35_000, at_least=True).verdict(24_999)
    large = Target("peak_rss_mb", 60, 50).verdict(60.1)
    results = {"drain": Result(targets=[slow]), "outage": Result(targets=[large])}
    assert shortfalls(results) == [
        "drain: records_per_s is 24,999, and must be at least 25,000",
        "outage: peak_rss_mb is 60.1, and must be at most 60",
    ]


def test_what_could_not_be_measured_is_a_shortfall() -> None:
    assert shortfalls({"kills": Result(error="mosquitto ended")}) == ["kills was not measured: mosquitto ended"]


def test_a_limit_that_holds_is_none_even_when_the_aim_is_missed() -> None:
    verdict = Target("cpu_percent", 20, 10).verdict(20)
    assert verdict.aim_met is False
    assert shortfalls({"serial": Result(targets=[verdict])}) == []
