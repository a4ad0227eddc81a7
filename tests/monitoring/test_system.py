"""A real Prometheus with the shipped files, and a real gateway in front of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.ports import Port
from sandbox.programs import Gateway
from sandbox.waiting import wait_until
from tests.monitoring.conftest import gateway_on
from tests.monitoring.files import PROMETHEUS, panel_expressions
from tests.monitoring.tools import Prometheus

pytestmark = pytest.mark.system
PATIENCE_S = 60.0


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """The gateway's and Prometheus' own."""
    reserved = Port.reserve(), Port.reserve()
    yield reserved[0].number, reserved[1].number
    for one in reserved:
        one.release()


@pytest.fixture
def gateway(tmp_path: Path, ports: tuple[int, int]) -> Iterator[Gateway]:
    with gateway_on(ports[0], tmp_path) as running:
        yield running


@pytest.fixture
def prometheus(tmp_path: Path, gateway: Gateway, ports: tuple[int, int]) -> Iterator[Prometheus]:
    """With the shipped configuration, but quicker, and asking only the gateway of this test."""
    config = (PROMETHEUS / "prometheus.yml").read_text().replace(": 15s", ": 200ms")
    rules = (PROMETHEUS / "rules.yml").read_text().replace("for: 1m", "for: 1s")
    assert '"gateway:9108"' in config
    (tmp_path / "prometheus.yml").write_text(config.replace("gateway:9108", f"127.0.0.1:{ports[0]}"))
    (tmp_path / "rules.yml").write_text(rules)
    with Prometheus(tmp_path, tmp_path / "prometheus.yml", ports[1]) as running:
        yield running


def firing(prometheus: Prometheus, alert: str) -> list[dict[str, object]]:
    return [
        one
        for one in prometheus.ask("alerts")["alerts"]
        if (one["labels"]["alertname"], one["state"]) == (alert, "firing")
    ]


def test_prometheus_sees_the_gateway_and_tells_when_it_is_killed(
    prometheus: Prometheus, gateway: Gateway, ports: tuple[int, int]
) -> None:
    up = 'up{job="gateway"} == 1'
    assert wait_until(lambda: prometheus.ask("query", query=up)["result"], PATIENCE_S, "the gateway as a target")
    celsius = "suhu_gateway_sensor_celsius"
    wait_until(lambda: len(prometheus.ask("query", query=celsius)["result"]) == 3, PATIENCE_S, "the three sensors")
    for expression in panel_expressions():
        prometheus.ask("query", query=expression)
    assert firing(prometheus, "SuhuGatewayDown") == []
    gateway.kill()
    (alert,) = wait_until(lambda: firing(prometheus, "SuhuGatewayDown"), PATIENCE_S, "the alert")
    instance = f"127.0.0.1:{ports[0]}"
    assert alert["labels"] == {
        "alertname": "SuhuGatewayDown",
        "instance": instance,
        "job": "gateway",
        "severity": "critical",
    }
    assert alert["annotations"]["summary"] == f"Gateway {instance} does not answer"
    gateway.start()
    wait_until(lambda: not firing(prometheus, "SuhuGatewayDown"), PATIENCE_S, "the end of the alert")
