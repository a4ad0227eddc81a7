"""From three kinds of devices to printed warnings, on a real broker of each kind and a real Spark."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.balance import Balance, Landed, balance
from sandbox.composition import Sandbox
from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from sandbox.plant import PARTITIONS, TOPIC, Plant
from sandbox.spark import AlertJob
from sandbox.waiting import wait_until

pytestmark = pytest.mark.system

RATE = 10.0  # readings per second and machine
THRESHOLD_CELSIUS = 80.0


@dataclass
class Rig:
    """Everything there is."""

    kafka: Kafka
    plant: Plant
    alerts: AlertJob

    def let_everything_arrive(self) -> None:
        """End the machines, then wait for the last reading and its warning."""
        self.plant.press.stop()
        self.plant.oven.stop()
        wait_until(self.plant.has_landed, 30, "the last reading in the topic")
        self.plant.gateway.stop()
        hot = [one for one in self.plant.landed() if one.celsius > THRESHOLD_CELSIUS]
        self.alerts.wait_for_lines(len(hot), 30)

    def verdict(self) -> Balance:
        """Hold what was sent, what landed and what was printed against each other."""
        return balance(self.plant.emitted(), self.plant.landed(), self.alerts.lines, THRESHOLD_CELSIUS)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    kafka, mosquitto = Kafka(tmp_path), Mosquitto(tmp_path)
    with Sandbox() as sandbox:
        sandbox.start(kafka, mosquitto)
        for topic in (TOPIC, f"{TOPIC}-alerts"):
            kafka.create_topic(topic, PARTITIONS)
        plant = Plant(tmp_path, kafka, mosquitto, rate=RATE)
        alerts = AlertJob(tmp_path, kafka.bootstrap_servers, tmp_path / "checkpoint")
        sandbox.start(alerts, plant.press, plant.gateway)
        plant.await_subscription()
        sandbox.start(plant.oven)
        yield Rig(kafka, plant, alerts)


def test_every_reading_arrives_once_and_every_hot_one_is_warned_of_once(rig: Rig) -> None:
    rig.alerts.wait_for_lines(100, 90)
    rig.let_everything_arrive()
    verdict = rig.verdict()
    assert verdict.clean, verdict
    assert verdict.readings.keys() == {"S1", "S2", "S3"}
    assert verdict.warnings >= 100


def test_a_record_that_vanishes_between_journal_and_kafka_is_noticed(rig: Rig) -> None:
    """The negative control: the balance must see what this test takes away, and nothing else."""
    plant = rig.plant
    rig.alerts.wait_for_lines(10, 90)
    rig.kafka.stop()
    plant.gateway.wait_for_line("event=kafka_down", 60)
    plant.press.stop()
    plant.oven.stop()
    plant.gateway.stop()
    sequence, celsius = drop_a_waiting_record(plant.journal)
    rig.kafka.start()
    plant.gateway.start()
    plant.gateway.wait_for_line("event=started", 30)
    sent = sum(map(len, plant.emitted().values()))
    wait_until(lambda: len(of_machines(plant)) == sent - 1, 60, "everything else in the topic")
    plant.gateway.stop()
    verdict = rig.verdict()
    journal = plant.landed()[0].event_id.rsplit("/", 1)[0]
    assert verdict.lost == [f"S2 {celsius} °C", f"{journal}/{sequence}"]
    assert not verdict.clean
    assert (verdict.invented, verdict.duplicated, verdict.disordered) == ([], [], [])


def of_machines(plant: Plant) -> list[Landed]:
    return [one for one in plant.landed() if one.sensor_id in {"S1", "S2"}]


def drop_a_waiting_record(journal: Path) -> tuple[int, float]:
    """Delete a record of S2 that Kafka does not have; return its sequence and temperature."""
    with sqlite3.connect(journal) as database:
        waiting = database.execute(
            "SELECT sequence, value FROM queue WHERE key = ? AND sequence >"
            " (SELECT value FROM meta WHERE name = 'delivered') ORDER BY sequence",
            (b"S2",),
        ).fetchall()
        sequence, value = waiting[len(waiting) // 2]
        database.execute("DELETE FROM queue WHERE sequence = ?", (sequence,))
    database.close()
    return sequence, json.loads(value)["suhu"]
