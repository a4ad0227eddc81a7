"""The MQTT broker restarts, dies, and brings what is no reading."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.publish as publish
import pytest

from sandbox.mosquitto import Mosquitto
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import Accepted, check
from tests.faults.proxy import Proxy
from tests.faults.rig import Rig
from tests.faults.wiretap import Wiretap

pytestmark = pytest.mark.system

POISON: list[tuple[str, bytes]] = [
    ("P1", b"{"),
    ("P1", b'{"suhu": NaN}'),
    ("P1", b'{"suhu": 1e309}'),
    ("P1", b'{"suhu": "hot"}'),
    ("P1", b'{"suhu": -274}'),
    ("P1", b"[" * 100_000),
    ("P1", b"x" * 262_144),
    ("P1", b"\xff\xfe\x00"),
    ("P1", b""),
    ("\u6e29\u5ea6\U0001f321", b"{}"),
    ("P" * 129, b'{"suhu": 1.0}'),
]


@dataclass(frozen=True, slots=True)
class Harmed:
    """A broker that a test may harm, the way to it, and what has passed on it."""

    broker: Mosquitto
    port: int
    arrived: list[Accepted]
    acknowledged: list[Accepted]


def send(broker: Mosquitto, rig: Rig, messages: Sequence[tuple[str, bytes]], **options: Any) -> None:
    """Publish all messages, and wait until the broker has them."""
    prepared: Any = [
        {"topic": f"{rig.name}/{sensor_id}", "payload": payload, "qos": 1, **options} for sensor_id, payload in messages
    ]
    publish.multiple(prepared, broker.host, broker.port)


@pytest.fixture
def harmed(mosquitto_to_harm: Mosquitto) -> Iterator[Harmed]:
    arrived: list[Accepted] = []
    acknowledged: list[Accepted] = []
    with Proxy(mosquitto_to_harm.port, lambda: Wiretap(arrived, acknowledged)) as proxy:
        yield Harmed(mosquitto_to_harm, proxy.port, arrived, acknowledged)


def test_a_restart_of_the_mqtt_broker_loses_nothing(
    harmed: Harmed, make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(mosquitto=harmed.broker, mqtt_port=harmed.port)
    recovery_s = []
    runs = 10 if full else 1
    for _ in range(runs):
        rig.let_flow(150)
        harmed.broker.restart()
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    rig.gateway.stop()
    verdict = check(rig.load.accepted(), rig.topic(), rig.waiting(), harmed.arrived)
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(24, "MQTT broker restarted (SIGTERM)").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_killed_mqtt_broker_takes_no_reading_along_that_the_gateway_acknowledged(
    harmed: Harmed, make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(mosquitto=harmed.broker, mqtt_port=harmed.port)
    recovery_s = []
    runs = 10 if full else 1
    for _ in range(runs):
        rig.let_flow(150)
        harmed.broker.kill()
        harmed.broker.start()
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    rig.gateway.stop()
    verdict = check(harmed.acknowledged, rig.topic(), rig.waiting(), harmed.arrived)
    assert len(harmed.acknowledged) > 100
    assert verdict.broken(repeats_allowed=True) == {}
    note = "what the broker had not handed on yet is its own to lose: it saves its queue on a clean stop only"
    outcome(24, "MQTT broker killed (SIGKILL)", note).add(verdict, runs=runs, recovery_s=recovery_s)


def test_what_is_no_reading_is_counted_and_holds_nothing_up(
    make_rig: MakeRig, mosquitto: Mosquitto, outcome: MakeOutcome
) -> None:
    rig = make_rig()
    for message in POISON:
        send(mosquitto, rig, [message])
    rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert rig.said("stopped")["rejected"] == str(len(POISON))
    assert "Traceback" not in rig.gateway.log_since_start()
    outcome(27, "MQTT messages that are no reading", f"{len(POISON)} rejected and counted").add(verdict)


def test_retained_messages_are_never_taken_for_new_readings(
    make_rig: MakeRig, mosquitto: Mosquitto, outcome: MakeOutcome
) -> None:
    rig = make_rig()
    send(mosquitto, rig, [("R1", b'{"suhu": 99.5}')], retain=True)
    rig.await_reading()
    runs = 3
    for _ in range(runs):
        rig.gateway.restart()
        rig.await_subscription()
        rig.await_reading()
        assert "event=source_up" in rig.gateway.log_since_start()
    rig.await_everything()
    verdict = rig.verdict()
    send(mosquitto, rig, [("R1", b"")], retain=True)
    assert verdict.broken(repeats_allowed=False) == {}
    hot = [record for record in rig.topic() if record.key == b"R1"]
    assert [json.loads(record.value or b"")["suhu"] for record in hot] == [99.5]
    assert int(rig.said("stopped")["rejected"]) >= 1  # once for each subscription; a reconnection makes another
    outcome(26, "a retained message, and restarts of the gateway", "taken once, when it was new").add(
        verdict, runs=runs
    )


def test_a_flood_without_acknowledgements_is_bounded(
    make_rig: MakeRig, mosquitto: Mosquitto, outcome: MakeOutcome
) -> None:
    rig = make_rig(sabotage="slow_commits")
    flood = [("F1", f'{{"suhu": {number / 1000}}}'.encode()) for number in range(1, 20_001)]
    send(mosquitto, rig, flood, qos=0)
    rig.await_everything()
    resident = rig.resident_mb()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert resident < 120
    outcome(26, "a flood of 20,000 QoS 0 messages on a slow disk", f"{resident:.0f} MB resident at most").add(verdict)
