"""deploy/prometheus: what promtool says of it, and what an operator can do with an alert."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.monitoring.files import DEPLOY, PROMETHEUS, metric_names, read_yaml, rules
from tests.monitoring.tools import promtool

RUNBOOK = DEPLOY.parent / "docs" / "monitoring.md"
BUILT_IN = {"up"}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return rules(tmp_path_factory.mktemp("yaml"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Of each question in the tests of the rules: what is asked, and the series that must come back, "" for none."""
    tests = read_yaml(PROMETHEUS / "rules.test.yml", tmp_path_factory.mktemp("yaml"))["tests"]
    asked = [one for test in tests for one in test["promql_expr_test"]]
    return [(one["expr"], "".join(sample["labels"] for sample in one["exp_samples"] or [])) for one in asked]


def alerts(shipped: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rule for rule in shipped if "alert" in rule]


def test_promtool_finds_nothing_wrong_with_the_configuration() -> None:
    checked = promtool("check", "config", PROMETHEUS / "prometheus.yml")
    assert checked.returncode == 0, checked.stderr
    assert "rules found" in checked.stdout


def test_every_rule_does_what_its_tests_say() -> None:
    tested = promtool("test", "rules", PROMETHEUS / "rules.test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("suhu_gateway_sensor_celsius > 80 and", "suhu_gateway_sensor_celsius >= 80 and"),
        ("14 * 86400", "13 * 86400"),
    ],
)
def test_the_tests_would_find_another_threshold(tmp_path: Path, right: str, wrong: str) -> None:
    text = (PROMETHEUS / "rules.yml").read_text()
    assert right in text
    (tmp_path / "rules.yml").write_text(text.replace(right, wrong))
    (tmp_path / "rules.test.yml").write_text((PROMETHEUS / "rules.test.yml").read_text())
    assert promtool("test", "rules", tmp_path / "rules.test.yml").returncode != 0


def test_every_rule_has_a_test_with_a_result_and_one_without(
    shipped: list[dict[str, Any]], samples: list[tuple[str, str]]
) -> None:
    for rule in alerts(shipped):
        asked = f'ALERTS{{alertname="{rule["alert"]}", alertstate="firing"}}'
        assert {found != "" for expression, found in samples if expression == asked} == {True, False}, rule["alert"]
    for rule in shipped:
        if "record" in rule:
            assert any(rule["record"] == asked and found for asked, found in samples), rule["record"]


def test_what_an_alert_says_of_the_place_is_known_to_it(
    shipped: list[dict[str, Any]], samples: list[tuple[str, str]]
) -> None:
    """A label that a firing alert does not carry would be an empty word in its text."""
    for rule in alerts(shipped):
        fired = next(found for asked, found in samples if f'"{rule["alert"]}"' in asked and found)
        named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        assert named <= set(re.findall(r'(\w+)="', fired)), rule["alert"]


def test_every_alert_tells_cause_remedy_and_where_to_read_on(shipped: list[dict[str, Any]]) -> None:
    headings = [line[4:].strip() for line in RUNBOOK.read_text().splitlines() if line.startswith("### ")]
    assert headings == [rule["alert"] for rule in alerts(shipped)]
    for rule in alerts(shipped):
        assert rule["annotations"].keys() == {"summary", "cause", "remedy", "runbook"}
        assert rule["annotations"]["runbook"] == f"docs/monitoring.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"critical", "warning"}


def test_a_metric_that_nobody_tells_is_found(exported: set[str]) -> None:
    asked = metric_names("suhu_gateway_spool_records > suhu_gateway_spool_record")
    assert asked - exported == {"suhu_gateway_spool_record"}


def test_rules_go_by_metrics_that_our_programs_tell(shipped: list[dict[str, Any]], exported: set[str]) -> None:
    recorded = {rule["record"] for rule in shipped if "record" in rule}
    asked = set().union(*(metric_names(rule["expr"]) for rule in shipped))
    assert asked - recorded - BUILT_IN - exported == set()
