"""deploy/grafana: no Grafana can be had here, so the files are held to a schema of ours and to Prometheus."""

import copy
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.monitoring.files import (
    GRAFANA,
    PROMETHEUS,
    dashboard,
    metric_names,
    panel_expressions,
    read_yaml,
    rules,
)
from tests.monitoring.tools import promtool

BUILT_IN = {"up", "ALERTS"}


def mistakes(document: dict[str, Any]) -> list[str]:
    schema = json.loads((GRAFANA / "dashboard.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    return [error.json_path for error in Draft202012Validator(schema).iter_errors(document)]


def test_the_dashboard_is_what_the_schema_allows() -> None:
    assert mistakes(dashboard()) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda read: read["panels"][1].pop("title"), "$.panels[1]"),
        (lambda read: read["panels"][1].update(titel="x"), "$.panels[1]"),
        (lambda read: read["panels"][1]["targets"][0].update(expr=""), "$.panels[1].targets[0].expr"),
        (lambda read: read["panels"][1]["datasource"].update(uid="other"), "$.panels[1].datasource"),
        (lambda read: read["panels"][1]["fieldConfig"]["defaults"].update(unit="°C"), ".defaults.unit"),
        (lambda read: read["panels"][0].update(type="grpah"), "$.panels[0].type"),
        (lambda read: read.update(editable=True), "$.editable"),
    ],
)
def test_the_schema_finds_mistakes(change: Any, place: str) -> None:
    broken = copy.deepcopy(dashboard())
    change(broken)
    assert any(found.endswith(place) for found in mistakes(broken))


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in panels) == 24


def checked(expressions: list[str], tmp_path: Path) -> Any:
    recording = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(expressions)]
    (tmp_path / "panels.yml").write_text(json.dumps({"groups": [{"name": "panels", "rules": recording}]}))
    return promtool("check", "rules", tmp_path / "panels.yml")


def test_prometheus_understands_every_panel(tmp_path: Path) -> None:
    found = checked(panel_expressions(), tmp_path)
    assert found.returncode == 0, found.stderr
    assert f"{len(panel_expressions())} rules found" in found.stdout


def test_an_expression_that_prometheus_does_not_understand_is_found(tmp_path: Path) -> None:
    assert checked(["sum by (a (b))"], tmp_path).returncode != 0


def test_panels_and_variables_show_metrics_that_our_programs_tell(tmp_path: Path, exported: set[str]) -> None:
    recorded = {rule["record"] for rule in rules(tmp_path) if "record" in rule}
    asked = set().union(*(metric_names(expression) for expression in panel_expressions()))
    assert asked - recorded - BUILT_IN - exported == set()
    variables = [one["query"]["query"] for one in dashboard()["templating"]["list"]]
    assert set().union(*(metric_names(one.partition(", ")[0] + ")") for one in variables)) - exported == set()


def test_provisioning_names_what_the_dashboard_and_the_stack_have(tmp_path: Path) -> None:
    (source,) = read_yaml(GRAFANA / "provisioning" / "datasources" / "prometheus.yaml", tmp_path)["datasources"]
    assert {"type": source["type"], "uid": source["uid"]} == {"type": "prometheus", "uid": "prometheus"}
    assert source["url"] == "http://prometheus:9090"
    scraping = read_yaml(PROMETHEUS / "prometheus.yml", tmp_path)["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraping == "15s"
    (provider,) = read_yaml(GRAFANA / "provisioning" / "dashboards" / "suhu.yaml", tmp_path)["providers"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards")
