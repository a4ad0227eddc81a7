"""The proofs can fail: the stack is made to lose readings, and that is seen."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.waiting import wait_until
from tests.compose.engine import Engine
from tests.compose.stack import ANSWER_TIMEOUT_S, POLL_S, Stack

# Half of it fits into the journal.
FLOOD = 12_000
CARELESS = """
[gateway]
id = "careless"
interval_s = 0
[journal]
path = "/var/lib/suhu-gateway/journal.db"
max_bytes = 1_048_576
when_full = "drop_oldest"
[kafka]
bootstrap_servers = ["kafka:9092"]
[[mqtt]]
host = "mosquitto"
[health]
listen = "0.0.0.0:9108"
allow_network = true
"""


@pytest.fixture
def careless(tmp_path: Path) -> Path:
    """An override: a small journal that gives up the oldest readings."""
    (tmp_path / "gateway.toml").write_text(CARELESS)
    (tmp_path / "gateway.toml").chmod(0o644)
    override = tmp_path / "careless.yml"
    volume = f"{tmp_path / 'gateway.toml'}:/etc/suhu-gateway/gateway.toml:ro"
    override.write_text(json.dumps({"services": {"gateway": {"volumes": [volume]}}}))
    return override


@pytest.fixture
def stack(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Kafka, mosquitto and gateway, on empty volumes."""
    overrides = [request.getfixturevalue("careless")] if request.function.__name__.endswith("hole") else []
    with Stack(engine, "default", overrides=overrides).running("gateway") as stack:
        yield stack


def journal(stack: Stack) -> dict[str, int]:
    words = ["gateway", "spool", "status", "--json", "--config", "/etc/suhu-gateway/gateway.toml"]
    found: dict[str, int] = json.loads(stack.run_in("gateway", *words))
    return found


@pytest.mark.parametrize("journal_is_kept", [True, False])
def test_readings_that_waited_for_kafka_are_there_if_and_only_if_the_journal_is(
    stack: Stack, *, journal_is_kept: bool
) -> None:
    lost = {f"waited-{number}" for number in range(50)}
    stack.compose("stop", "kafka")
    stack.publish(lost)
    wait_until(lambda: journal(stack)["waiting"] >= len(lost), ANSWER_TIMEOUT_S, "them in the journal", poll_s=POLL_S)
    stack.compose("kill", "gateway")
    stack.compose("rm", "--force", "gateway")
    if not journal_is_kept:
        stack.engine.docker("volume", "rm", "suhu_gateway-state")
    stack.up("gateway")
    stack.publish(["later"])
    stack.wait_for_sensors(["later", *(lost if journal_is_kept else [])])
    assert lost & stack.sensors() == (lost if journal_is_kept else set())


def test_verify_reports_a_hole(stack: Stack) -> None:
    stack.publish(["first"])
    stack.wait_for_sensors(["first"])
    assert stack.verify()["proven"]
    stack.compose("stop", "kafka")
    stack.publish(f"flood-{number}" for number in range(FLOOD))
    wait_until(
        lambda: journal(stack)["last_sequence"] > FLOOD, ANSWER_TIMEOUT_S, "the flood in the journal", poll_s=POLL_S
    )
    stack.up("gateway")
    wait_until(lambda: not stack.verify()["proven"], ANSWER_TIMEOUT_S, "a hole", poll_s=POLL_S)
