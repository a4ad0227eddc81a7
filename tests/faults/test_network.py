"""The gateway's network is cut, lossy and narrow, and a name gets another address."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.cow import need_program, need_root
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S, Rig
from tests.faults.uplink import DROP, LOSS, NAME, RESET, Uplink

pytestmark = pytest.mark.system

NOTICED_S = 30.0


@dataclass(frozen=True, slots=True)
class Network:
    """The cable, and both brokers at its other end."""

    uplink: Uplink
    to_kafka: Proxy
    to_mqtt: Proxy


@pytest.fixture
def network(kafka: Kafka, mosquitto: Mosquitto) -> Iterator[Network]:
    need_root()
    need_program("ip", "iproute2")
    need_program("nft", "nftables")
    kafka_port = int(kafka.bootstrap_servers.rsplit(":", 1)[1])
    with (
        Uplink() as uplink,
        Proxy(kafka_port, hosts=uplink.hosts, name=NAME) as to_kafka,
        Proxy(mosquitto.port, hosts=uplink.hosts) as to_mqtt,
    ):
        yield Network(uplink, to_kafka, to_mqtt)


def rig_on(network: Network, make_rig: MakeRig, rate: float = 300.0) -> Rig:
    rig = make_rig(
        kafka_port=network.to_kafka.port,
        mqtt_port=network.to_mqtt.port,
        host=NAME,
        wrapper=network.uplink.wrapper,
        rate=rate,
    )
    rig.await_reading()
    return rig


@pytest.mark.parametrize(
    ("fault", "rule"), [("packets dropped without a word", DROP), ("connections reset", RESET)], ids=["drop", "reset"]
)
@pytest.mark.parametrize(
    ("peer", "lost", "back"), [("Kafka", "kafka_down", "kafka_up"), ("MQTT", "source_lost", "source_up")]
)
def test_a_cut_way_is_noticed_and_survived(
    network: Network, make_rig: MakeRig, outcome: MakeOutcome, peer: str, lost: str, back: str, fault: str, rule: str
) -> None:
    rig = rig_on(network, make_rig)
    network.uplink.treat_packets(rule, (network.to_kafka if peer == "Kafka" else network.to_mqtt).port)
    rig.gateway.wait_for_line(f"event={lost}", NOTICED_S)
    network.uplink.heal()
    recovery_s = rig.await_reading()
    rig.await_everything()
    rig.gateway.wait_for_line(f"event={back}", PATIENCE_S)
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(38, f"network to {peer}: {fault}").add(verdict, recovery_s=[recovery_s])


def test_a_cable_that_is_taken_out_is_survived(
    network: Network, make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = rig_on(network, make_rig)
    network.uplink.pull_out()
    if full:
        rig.gateway.wait_for_line("event=source_lost", NOTICED_S)
    else:
        rig.let_flow(900)
    network.uplink.heal()
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(38, "network of the gateway: cable out").add(verdict, recovery_s=[recovery_s])


def test_a_bad_network_only_delays(network: Network, make_rig: MakeRig, outcome: MakeOutcome) -> None:
    rig = rig_on(network, make_rig, rate=60.0)
    network.uplink.treat_packets(LOSS)
    rig.let_flow(300)
    network.uplink.heal()
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(38, "network of the gateway: 30 % of all packets lost").add(verdict, recovery_s=[recovery_s])


def test_a_narrow_network_only_makes_larger_batches(network: Network, make_rig: MakeRig, outcome: MakeOutcome) -> None:
    network.uplink.narrow("512kbit")
    rig = rig_on(network, make_rig)
    rig.let_flow(900)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(38, "network of the gateway: 512 kbit/s").add(verdict)


def test_a_name_that_gets_another_address_is_looked_up_again(
    network: Network, make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    rig = rig_on(network, make_rig)
    network.uplink.name_is_at(network.uplink.nobody)
    for proxy in (network.to_kafka, network.to_mqtt):
        proxy.reset()
    rig.gateway.wait_for_line("event=source_lost", PATIENCE_S)
    network.uplink.name_is_at(network.uplink.hosts[1])
    recovery_s = rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(39, "the brokers' name gets another address").add(verdict, recovery_s=[recovery_s])
