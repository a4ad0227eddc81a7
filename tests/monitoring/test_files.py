"""The reader of expressions is what other tests rest on."""

from pathlib import Path

import pytest

from tests.monitoring.files import metric_names, read_yaml


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("up", {"up"}),
        ('sum by (job, instance) (rate(a_total{job="b", c=~"d|e"}[5m])) > 1e6', {"a_total"}),
        ("sum(rate(a[1m])) by (job)", {"a"}),
        ("a / on (job) group_left () b or 0 * c:d:rate5m", {"a", "b", "c:d:rate5m"}),
        ("count(a == 0) or vector(0)", {"a"}),
        ("time() - a < 14 * 86400 and b unless c offset 5m", {"a", "b", "c"}),
        ('max_over_time(a{place="x{y} z"}[6h]) >= 200 # no', {"a", "no"}),
    ],
)
def test_metrics_are_told_from_everything_else(expression: str, names: set[str]) -> None:
    assert metric_names(expression) == names


def test_yaml_is_read_as_it_is_meant(tmp_path: Path) -> None:
    file = tmp_path / "some.yml"
    file.write_text("a: {b: [1, '2 ${HOME}']} # three\nc: >-\n  d\n  $e\n")
    assert read_yaml(file, tmp_path) == {"a": {"b": [1, "2 ${HOME}"]}, "c": "d $e"}
