"""The power fails while readings come in and go out."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.cow import PowerCut, need_program, need_root
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S, Rig

pytestmark = pytest.mark.system

BACKLOG = 6_000


@dataclass
class House:
    """A rig whose journal is on a disk that can lose its power; both brokers are in another house."""

    disk: PowerCut
    to_kafka: Proxy
    to_mqtt: Proxy

    def power_fails(self, rig: Rig) -> float:
        """End everything at once: what leaves the house, what is on the disk, and the daemon; then start it again.

        Returns:
            When the power came back (monotonic, s).
        """
        for proxy in (self.to_kafka, self.to_mqtt):
            proxy.freeze()  # first: what is acknowledged after the cut would be lost with right
        self.disk.cut()
        rig.gateway.kill()
        self.disk.restore()
        for proxy in (self.to_kafka, self.to_mqtt):
            proxy.reset()
        back_s = time.monotonic()
        rig.start()
        return back_s


@pytest.fixture
def house(tmp_path: Path, kafka_proxy: Proxy, mqtt_proxy: Proxy) -> Iterator[House]:
    need_root()
    need_program("mkfs.xfs", "xfsprogs")
    need_program("mkfs.ext4", "e2fsprogs")
    with PowerCut(tmp_path) as disk:
        yield House(disk, kafka_proxy, mqtt_proxy)


def rig_in(house: House, make_rig: MakeRig, sabotage: str = "") -> Rig:
    journal = house.disk.folder / "journal.db"
    return make_rig(kafka_port=house.to_kafka.port, mqtt_port=house.to_mqtt.port, journal=journal, sabotage=sabotage)


def test_a_power_cut_loses_nothing(house: House, make_rig: MakeRig, outcome: MakeOutcome, full: bool) -> None:
    rig = rig_in(house, make_rig)
    recovery_s = []
    runs = 40 if full else 2
    for _ in range(runs):
        rig.let_flow(random.randrange(100, 400))
        back_s = house.power_fails(rig)
        recovery_s.append(rig.await_reading(began_s=back_s))
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(5, "power cut (journal's disk, copy on write)").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_power_cut_while_a_backlog_is_sent_and_deleted_only_repeats(
    house: House, make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = rig_in(house, make_rig)
    recovery_s = []
    runs = 20 if full else 2
    for _ in range(runs):
        rig.await_reading()
        house.to_kafka.refuse()
        rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
        waiting = rig.load.sent
        rig.load.burst(BACKLOG)
        rig.await_waiting(BACKLOG)
        house.to_kafka.reset()
        drained = waiting + random.randrange(BACKLOG)  # the journal deletes 2,000 at a time
        wait_until(lambda drained=drained: len(rig.tail.readings()) >= drained, PATIENCE_S, "some of it in the topic")  # type: ignore[misc]
        back_s = house.power_fails(rig)
        recovery_s.append(rig.await_reading(began_s=back_s))
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(6, "power cut while a backlog is sent and deleted").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_journal_that_does_not_sync_loses_readings_in_a_power_cut(house: House, make_rig: MakeRig) -> None:
    """The negative control."""
    rig = rig_in(house, make_rig, sabotage="no_sync")
    rig.let_flow(100)
    rig.await_reading()
    house.to_kafka.refuse()  # what waits for Kafka is in the journal alone
    rig.let_flow(200)
    house.power_fails(rig)
    rig.await_everything()
    assert "I1 lost" in rig.verdict().broken(repeats_allowed=True)
