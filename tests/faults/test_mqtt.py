"""The MQTT broker restarts, dies, and brings what is no reading."""

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.publish as publish
import pytest

from sandbox.mosquitto import Mosquitto
from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import Accepted, check
from tests.faults.poison import POISON
from tests.faults.proxy import Proxy
from tests.faults.rig import Rig
from tests.faults.wiretap import Wiretap

pytestmark = pytest.mark.system


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


def publish_one(broker: Mosquitto, topic: str, celsius: float | None, *, retain: bool = False) -> None:
    """Publish a reading, or an empty payload, on any topic, and wait until the broker has it."""
    payload = b"" if celsius is None else json.dumps({"suhu": celsius}).encode()
    publish.single(topic, payload, 1, retain, hostname=broker.host, port=broker.port)


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
    assert rig.told("source_lost")
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
    assert rig.told("source_lost")
    note = "what the broker had not handed on yet is its own to lose: it saves its queue on a clean stop only"
    outcome(24, "MQTT broker killed (SIGKILL)", note).add(verdict, runs=runs, recovery_s=recovery_s)


def test_readings_published_with_qos_2_survive_kills_of_the_gateway(
    make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(qos=2, sabotage="slow_commits")
    recovery_s = []
    runs = 20 if full else 2
    for _ in range(runs):
        rig.let_flow(100)
        rig.gateway.kill()
        began_s = time.monotonic()
        rig.gateway.start()
        recovery_s.append(rig.await_reading(began_s=began_s))
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.records > 100 * runs
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(25, "gateway killed (SIGKILL, slow disk), readings published with QoS 2").add(
        verdict, runs=runs, recovery_s=recovery_s
    )


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


@pytest.mark.parametrize(("protocol", "marked"), [("5", 1), ("3.1.1", 4)])
def test_a_retained_message_is_marked_and_never_taken_for_a_new_reading(
    make_rig: MakeRig, mosquitto: Mosquitto, outcome: MakeOutcome, protocol: str, marked: int
) -> None:
    prefix = f"retained-{secrets.token_hex(4)}"
    publish_one(mosquitto, f"{prefix}/R1", 99.5, retain=True)
    table = f'port = {mosquitto.port}\ntopics = ["{prefix}/{{sensor_id}}"]\nprotocol = "{protocol}"'
    rig = make_rig(options={"[mqtt]": f"[[mqtt]]\n{table}"})
    starts = 4
    for start in range(1, starts + 1):
        wait_until(lambda: rig.gateway.log_since_start().count("event=source_up") == 2, 20, "both subscriptions")
        publish_one(mosquitto, f"{prefix}/R2", float(start))  # comes after what was retained
        wait_until(lambda live=("R2", float(start)): live in rig.tail.readings(), 20, "the live reading")
        if start < starts:
            rig.gateway.restart()
    rig.await_everything()
    verdict = rig.verdict()
    publish_one(mosquitto, f"{prefix}/R1", None, retain=True)
    assert verdict.broken(repeats_allowed=protocol == "3.1.1") == {}
    found = [json.loads(record.value or b"") for record in rig.topic() if record.key in {b"R1", b"R2"}]
    old = [(one["suhu"], one["retained"]) for one in found if one["sensor_id"] == "R1"]
    live = [(one["suhu"], "retained" in one) for one in found if one["sensor_id"] == "R2"]
    assert old == [(99.5, True)] * marked
    assert live == [(1.0, False), (2.0, False), (3.0, False), (4.0, False)]
    assert rig.said("stopped")["retained"] == ("0" if protocol == "5" else "1")
    note = f"MQTT {protocol}: delivered {marked} of {starts} times, and marked"
    outcome(26, f"a retained message, and {starts} starts of the gateway", note).add(verdict, runs=starts)


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
