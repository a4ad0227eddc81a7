"""The default stack for real. The tests go on where the one before has stopped: they stand in the order of a life."""

import json
import re
from collections.abc import Iterator

import pytest

from sandbox.waiting import wait_until
from tests.compose.engine import Engine
from tests.compose.stack import ANSWER_TIMEOUT_S, POLL_S, Stack

OURS = ("gateway", "alerts", "dashboard")
USERS = {"gateway": "10001:10001", "alerts": "10002:10002", "dashboard": "10003:10003"}


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Stack]:
    """The running stack, on empty volumes."""
    with Stack(engine, "default").running() as stack:
        yield stack


def names(prefix: str, count: int = 40) -> list[str]:
    return [f"{prefix}-{number}" for number in range(count)]


def warnings(stack: Stack) -> list[str]:
    return [line for line in stack.logs("alerts") if line.startswith("PERINGATAN ")]


def test_every_service_is_healthy_or_has_done_its_work(stack: Stack) -> None:
    assert {one: stack.health(one) for one in (*OURS, "kafka", "mosquitto")} == dict.fromkeys(
        (*OURS, "kafka", "mosquitto"), "healthy"
    )
    assert stack.inspect("topics")["State"]["ExitCode"] == 0


def test_readings_come_to_the_topic_and_a_warning_is_printed(stack: Stack) -> None:
    stack.publish(["tungku"])
    stack.wait_for_sensors(["S1", "S2", "S3", "tungku"])
    wait_until(lambda: warnings(stack), ANSWER_TIMEOUT_S, "a printed warning", poll_s=POLL_S)
    assert re.fullmatch(r"PERINGATAN S3 \d+\.\d+ °C > 80 °C \S+Z compose/\w+/\d+", warnings(stack)[0])


def test_the_dashboard_answers_on_this_machines_loopback(stack: Stack) -> None:
    assert "<html" in stack.get("http://localhost:8080/")
    wait_until(
        lambda: len(json.loads(stack.get("http://localhost:8080/api/recent/S1"))["t"]) > 3,
        ANSWER_TIMEOUT_S,
        "readings of S1 in the dashboard",
        poll_s=POLL_S,
    )


@pytest.mark.parametrize("service", OURS)
def test_our_containers_have_no_rights_and_cannot_write(stack: Stack, service: str) -> None:
    found = stack.inspect(service)
    assert found["Config"]["User"] == USERS[service]
    assert found["HostConfig"]["ReadonlyRootfs"]
    assert found["HostConfig"]["CapDrop"] == ["ALL"]
    assert "Read-only file system" in stack.run_in(service, "sh", "-c", "touch /opt/x; id -u", check=False)
    caps = stack.run_in(service, "grep", "CapEff", "/proc/1/status").split()
    assert caps == ["CapEff:", "0000000000000000"]
    assert stack.run_in(service, "grep", "NoNewPrivs", "/proc/1/status").split() == ["NoNewPrivs:", "1"]


def test_a_signal_has_the_gateway_read_its_configuration_again(stack: Stack) -> None:
    # Past the engine: after its own `kill`, whatever the signal, it would not start the container again (next tests).
    stack.run_in("gateway", "sh", "-c", "kill -HUP 1")
    wait_until(
        lambda: any("event=reloaded" in line and "changed=nothing" in line for line in stack.logs("gateway")),
        ANSWER_TIMEOUT_S,
        "the reload",
        poll_s=POLL_S,
    )
    assert stack.inspect("gateway")["RestartCount"] == 0


@pytest.mark.parametrize("service", OURS)
def test_a_container_that_hangs_is_unhealthy(stack: Stack, service: str) -> None:
    stack.signal(service, "STOP")
    wait_until(lambda: stack.health(service) == "unhealthy", ANSWER_TIMEOUT_S, f"{service} unhealthy", poll_s=POLL_S)
    stack.signal(service, "CONT")
    wait_until(lambda: stack.health(service) == "healthy", ANSWER_TIMEOUT_S, f"{service} healthy", poll_s=POLL_S)


def test_nothing_is_lost_when_the_gateway_is_killed(stack: Stack) -> None:
    stack.publish(names("before"))
    stack.kill("gateway")
    stack.publish(names("after"))
    stack.wait_for_sensors(names("before") + names("after"))
    assert stack.verify()["proven"]


def test_nothing_is_lost_that_came_while_the_gateway_was_away(stack: Stack) -> None:
    stack.compose("stop", "gateway")
    assert stack.inspect("gateway")["State"]["ExitCode"] == 0
    stack.publish(names("away", 1500))  # more than an MQTT broker keeps by default
    stack.up()
    stack.wait_for_sensors(names("away", 1500))
    assert stack.verify()["proven"]


def test_nothing_is_lost_when_the_broker_is_killed(stack: Stack) -> None:
    stack.signal("kafka", "KILL")
    stack.publish(names("without-broker"))
    wait_until(lambda: stack.health("kafka") == "healthy", ANSWER_TIMEOUT_S, "the broker", poll_s=POLL_S)
    stack.wait_for_sensors(names("without-broker"))
    assert stack.verify()["proven"]


def test_nothing_is_lost_when_everything_is_restarted(stack: Stack) -> None:
    stack.publish(names("restarted"))
    stack.compose("restart")
    stack.up()
    stack.wait_for_sensors(names("restarted"))
    assert stack.verify()["proven"]


def test_what_was_there_is_there_after_down_and_up(stack: Stack) -> None:
    stack.publish(names("kept"))
    before = len(stack.sensors())
    stack.down()
    assert stack.engine.left()["containers"] == []
    stack.up()
    stack.wait_for_sensors(names("kept"))
    assert len(stack.sensors()) >= before
    assert stack.verify()["proven"]


def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    stack.down("--volumes")
    assert stack.engine.left() == {"containers": [], "volumes": [], "networks": [], "mounts": [], "groups": []}
