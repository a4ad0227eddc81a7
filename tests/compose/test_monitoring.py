"""Profile monitoring, with the pipeline in it, for real; but Grafana, which only its registry has."""

import json
from collections.abc import Iterator

import pytest

from sandbox.waiting import wait_until
from tests.compose.engine import Engine
from tests.compose.stack import ANSWER_TIMEOUT_S, POLL_S, Stack

SERVICES = ("prometheus", "pipeline", "alerts", "gateway", "dashboard")


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Stack]:
    """The running stack without Grafana, on empty volumes."""
    with Stack(engine, "monitoring").running(*SERVICES) as stack:
        yield stack


def test_prometheus_reads_what_tells_metrics_and_takes_the_rules(stack: Stack) -> None:
    def up() -> set[str]:
        found = json.loads(stack.get("http://localhost:9090/api/v1/targets"))["data"]["activeTargets"]
        return {target["labels"]["job"] for target in found if target["health"] == "up"}

    every = {"gateway", "pipeline", "alerts", "dashboard"}
    wait_until(lambda: up() == every, ANSWER_TIMEOUT_S, "every target up", poll_s=POLL_S)
    groups = json.loads(stack.get("http://localhost:9090/api/v1/rules"))["data"]["groups"]
    assert sum(len(group["rules"]) for group in groups) > 5


def test_the_pipelines_history_is_in_the_dashboard_which_cannot_write_it(stack: Stack) -> None:
    wait_until(
        lambda: json.loads(stack.get("http://localhost:8080/api/history/days")),
        ANSWER_TIMEOUT_S,
        "a day in the history",
        poll_s=POLL_S,
    )
    said = stack.run_in("dashboard", "touch", "/var/lib/suhu-history/x", check=False)
    assert "Read-only file system" in said


def test_a_pipeline_that_hangs_is_unhealthy(stack: Stack) -> None:
    assert stack.health("pipeline") == "healthy"
    stack.signal("pipeline", "STOP")
    wait_until(lambda: stack.health("pipeline") == "unhealthy", ANSWER_TIMEOUT_S, "it unhealthy", poll_s=POLL_S)
    stack.signal("pipeline", "CONT")
    wait_until(lambda: stack.health("pipeline") == "healthy", ANSWER_TIMEOUT_S, "it healthy", poll_s=POLL_S)
