"""Profile secure for real: TLS, logins and access lists by the stack's own scripts. In the order of a life."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.waiting import wait_until
from tests.compose.engine import Engine
from tests.compose.stack import ANSWER_TIMEOUT_S, POLL_S, Stack

VERIFY = ["verify", "--json", "--config", "/etc/suhu-gateway/verify.toml"]
# As a Spark job logs in, with everything that its user may; the topic is the argument.
WRITE = """
import sys
sys.path.insert(0, "/opt/suhu/spark")
from pathlib import Path
from kafka import KafkaProducer
from suhu_jobs.kafka_config import read_kafka_config
config = read_kafka_config(Path("/run/suhu/kafka.properties")).for_python() | {"max_block_ms": 10000}
producer = KafkaProducer(bootstrap_servers="kafka:9092", api_version=(2, 6, 0), acks="all", **config)
try:
    producer.send(sys.argv[1], b"{}", partition=0).get(timeout=20)
    print("written")
except Exception as error:
    print(type(error).__name__)
"""

BARE = "import socket; s = socket.create_connection(('127.0.0.1', 29092)); s.send(b'x' * 64); print(s.recv(99))"


@pytest.fixture(scope="module")
def stack(engine: Engine) -> Iterator[Stack]:
    """The running stack, on what the default one has left."""
    secure = Stack(engine, "secure")
    with Stack(engine, "default").running("gateway") as default:
        default.publish(["bukti-0"])
        default.wait_for_sensors(["bukti-0"])
        default.down()
        try:
            secure.up()
            yield secure
        finally:
            secure.down("--volumes")


def proof(stack: Stack) -> dict[str, object]:
    said = stack.compose("run", "--rm", "-T", "verify", *VERIFY)
    report: dict[str, object] = json.loads(said[said.index("{") : said.rindex("}") + 1])
    return report


def sensors(stack: Stack) -> set[str]:
    return set(re.findall(r'"(bukti-\d+|S\d)"', json.dumps(proof(stack))))


def publish(stack: Stack, name: str, login: str, check: bool = True) -> str:
    words = f"mosquitto_pub -h localhost -p 8883 --cafile /run/suhu/ca.pem -q 1 -t suhu/{name} -m 21.5 {login}"
    return stack.run_in("mosquitto-secure", "sh", "-c", f"XDG_CONFIG_HOME=/nowhere {words}", check=check)


def test_what_came_before_is_still_there(stack: Stack) -> None:
    assert "bukti-0" in sensors(stack)
    assert proof(stack)["proven"]


def test_warnings_are_printed_and_readings_are_seen_by_who_may(stack: Stack) -> None:
    wait_until(
        lambda: any(line.startswith("PERINGATAN S3 ") for line in stack.logs("alerts-secure")),
        ANSWER_TIMEOUT_S,
        "a printed warning",
        poll_s=POLL_S,
    )
    publish(stack, "bukti-1", '-u device -P "$(cat /run/suhu/device.password)"')
    wait_until(lambda: "bukti-1" in sensors(stack), ANSWER_TIMEOUT_S, "the device's reading", poll_s=POLL_S)
    wait_until(
        lambda: json.loads(stack.get("http://localhost:8080/api/recent/bukti-1"))["celsius"] == [21.5],
        ANSWER_TIMEOUT_S,
        "it in the dashboard",
        poll_s=POLL_S,
    )


def test_the_gateway_may_write_its_topic_and_not_read_it(stack: Stack) -> None:
    said = stack.run_in(
        "gateway-secure", "gateway", "verify", "--config", "/etc/suhu-gateway/gateway.toml", check=False
    )
    assert "may not read" in said or "READ" in said, said


@pytest.mark.parametrize(
    ("service", "topic", "becomes"),
    [
        ("alerts-secure", "sensor-suhu", "TopicAuthorizationFailedError"),
        ("alerts-secure", "sensor-suhu-stats", "KafkaTimeoutError"),  # the client looks for a topic that it may not see
        ("alerts-secure", "sensor-suhu-rejected", "KafkaTimeoutError"),
        ("pipeline-secure", "sensor-suhu", "TopicAuthorizationFailedError"),
        ("pipeline-secure", "sensor-suhu-alerts", "KafkaTimeoutError"),
        ("pipeline-secure", "sensor-suhu-stats", "written"),
    ],
)
def test_the_spark_jobs_write_their_own_topics_only(stack: Stack, service: str, topic: str, becomes: str) -> None:
    assert stack.run_in(service, "python", "-c", WRITE, topic).split()[-1] == becomes


def test_who_does_not_log_in_stays_outside(stack: Stack) -> None:
    kafka = stack.engine.inside("sh", "-c", "openssl s_client -connect 127.0.0.1:29092 </dev/null", check=False)
    assert "CN = kafka" in kafka.stdout  # TLS is spoken there
    bare = stack.engine.inside("python3", "-c", BARE)
    assert bare.stdout.startswith("b'\\x15\\x03")  # an alert of TLS, and the end
    assert "not authorised" in publish(stack, "bukti-2", "", check=False).lower()
    assert "not authorised" in publish(stack, "bukti-2", "-u device -P wrong", check=False).lower()
    assert "bukti-2" not in sensors(stack)


def test_no_password_is_in_a_log_or_on_a_command_line(stack: Stack) -> None:
    mount = "--mount=type=volume,src=suhu_secret-authority,dst=/s,readonly"
    words = ["run", "--rm", mount, "python:3.11-slim-bookworm", "sh", "-c", "cat /s/*.password"]
    passwords = stack.engine.docker(*words).stdout.split()
    assert len(passwords) == 8
    assert all(re.fullmatch(r"[0-9a-f]{48}", one) for one in passwords)
    commands = [_text(each) for each in Path("/proc").glob("[0-9]*/cmdline")]
    assert any("mosquitto.conf" in each for each in commands)  # what runs in containers is among them
    seen = "\n".join([stack.compose("logs"), *commands])
    assert [one for one in passwords if one in seen] == []


def test_nothing_is_lost_when_gateway_and_broker_are_killed_and_all_is_new(stack: Stack) -> None:
    stack.kill("gateway-secure")
    stack.signal("kafka-secure", "KILL")
    publish(stack, "bukti-3", '-u device -P "$(cat /run/suhu/device.password)"')
    stack.down()
    stack.up()
    wait_until(lambda: {"bukti-1", "bukti-3"} <= sensors(stack), ANSWER_TIMEOUT_S, "both readings", poll_s=POLL_S)


def test_down_with_volumes_leaves_nothing(stack: Stack) -> None:
    stack.down("--volumes")
    assert stack.engine.left() == {"containers": [], "volumes": [], "networks": [], "mounts": [], "groups": []}


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):  # the process has ended
        return ""
