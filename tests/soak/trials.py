"""The faults of the soak: what is done to the plant, and what the gateway must say of it."""

import json
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import paho.mqtt.publish as publish

from sandbox.errors import SandboxError
from tests.faults.poison import POISON
from tests.soak.plant import PATIENCE_S, Plant

Harm = Callable[[Plant, Random], None]
STOP_TIMEOUT_S = 120.0
NONSENSE_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One kind of fault."""

    name: str
    harm: Harm  # returns when it is over
    told: Sequence[str] = ()  # events of which one must be in the log (I7); none: the gateway cannot know
    ends_life: bool = False  # of the gateway's process
    deaf: bool = False  # the gateway does not listen for a while: lines on a wire are lost
    weight: int = 2
    needs_disk: bool = False


def _pause(plant: Plant, chance: Random, low_s: float, high_s: float) -> None:
    time.sleep(chance.uniform(low_s, high_s) * plant.haste)


def kill_gateway(plant: Plant, chance: Random) -> None:
    plant.rig.gateway.kill()
    _pause(plant, chance, 0, 15)
    plant.start_gateway()


def stop_gateway(plant: Plant, chance: Random) -> None:
    code = plant.rig.gateway.stop(STOP_TIMEOUT_S)
    if code != 0:
        raise SandboxError(f"SIGTERM ended the gateway with {code}: {plant.rig.gateway.log_tail(3)}")
    _pause(plant, chance, 0, 15)
    plant.start_gateway()


def freeze_gateway(plant: Plant, chance: Random) -> None:
    plant.rig.gateway.freeze()
    _pause(plant, chance, 2, 40)
    plant.rig.gateway.thaw()


def reload_gateway(plant: Plant, chance: Random) -> None:
    megabytes = chance.randrange(30, 50)
    text = plant.configuration.replace("max_bytes = 40_000_000", f"max_bytes = {megabytes}_500_000")
    plant.reload(text, "reloaded")
    plant.reload(plant.configuration, "reloaded")


def reload_badly(plant: Plant, chance: Random) -> None:
    bad = chance.choice(
        [
            plant.configuration.replace("interval_s = 0", "interval_s = "),
            plant.configuration.replace("interval_s = 0", 'interval_s = 0\nkeep = "coldest"'),
            plant.configuration.replace("interval_s = 0", "interval_s = 0\nintervall = 3"),
            "",
        ]
    )
    plant.reload(bad or "\0", "reload_refused")
    plant.rig.config.write_text(plant.configuration)


def kill_kafka(plant: Plant, chance: Random) -> None:
    plant.kafka.kill()
    _pause(plant, chance, 10, 60)
    plant.start_kafka()


def freeze_kafka(plant: Plant, chance: Random) -> None:
    plant.kafka.freeze()
    _pause(plant, chance, 2, 60)
    plant.kafka.thaw()


def kill_kafka_and_gateway(plant: Plant, chance: Random) -> None:
    plant.kafka.kill()
    _pause(plant, chance, 5, 30)
    kill_gateway(plant, chance)
    plant.start_kafka()


def restart_mosquitto(plant: Plant, chance: Random) -> None:
    plant.mosquitto.stop()
    _pause(plant, chance, 0, 20)
    plant.mosquitto.start()


def kill_mosquitto(plant: Plant, chance: Random) -> None:
    since = plant.published
    plant.mosquitto.kill()
    _pause(plant, chance, 0, 20)
    plant.mosquitto.start()
    try:
        plant.await_recovery(time.time())
    finally:
        plant.excuse_the_broker(since)


def freeze_mosquitto(plant: Plant, chance: Random) -> None:
    plant.mosquitto.freeze()
    _pause(plant, chance, 2, 60)
    plant.mosquitto.thaw()


def cut_kafka(plant: Plant, chance: Random) -> None:
    plant.kafka_proxy.refuse()
    _pause(plant, chance, 15, 60)
    plant.kafka_proxy.reset()


def silence_kafka(plant: Plant, chance: Random) -> None:
    plant.kafka_proxy.freeze()
    _pause(plant, chance, 2, 60)
    plant.kafka_proxy.reset()


def cut_everything(plant: Plant, chance: Random) -> None:
    for proxy in (plant.kafka_proxy, plant.mqtt_proxy):
        proxy.refuse()
    _pause(plant, chance, 15, 60)
    for proxy in (plant.kafka_proxy, plant.mqtt_proxy):
        proxy.reset()


def silence_mqtt(plant: Plant, chance: Random) -> None:
    plant.mqtt_proxy.freeze()
    _pause(plant, chance, 2, 60)
    plant.mqtt_proxy.reset()


def lose_answers(plant: Plant, chance: Random) -> None:
    lost = plant.kafka_proxy.answers_lost
    plant.kafka_proxy.lose_answers(chance.randrange(1, 6))
    deadline_s = time.monotonic() + PATIENCE_S
    while plant.kafka_proxy.answers_lost == lost and time.monotonic() < deadline_s:
        time.sleep(0.2)


def storm_of_reconnects(plant: Plant, chance: Random) -> None:
    for _ in range(chance.randrange(10, 40)):
        plant.mqtt_proxy.reset()
        _pause(plant, chance, 0.05, 1.5)


def slow_network(plant: Plant, chance: Random) -> None:
    for proxy in (plant.kafka_proxy, plant.mqtt_proxy):
        proxy.delay_s = chance.uniform(0.1, 0.6)
    _pause(plant, chance, 10, 40)


def hostile_messages(plant: Plant, chance: Random) -> None:
    prefix = plant.rig.name
    messages: Any = [
        (f"{prefix}/{sensor_id}", payload, 1, False) for sensor_id, payload in chance.choices(POISON, k=40)
    ]
    publish.multiple(messages, plant.mosquitto.host, plant.mosquitto.port)


def hostile_requests(plant: Plant, chance: Random) -> None:
    for port in (plant.health_port.number, plant.post_port.number):
        for _ in range(20):
            with (
                suppress(OSError),
                socket.create_connection((plant.mosquitto.host, port), NONSENSE_TIMEOUT_S) as client,
            ):
                client.sendall(nonsense(chance))
                client.recv(1024)


def fill_the_disk(plant: Plant, chance: Random) -> None:
    plant.kafka_proxy.refuse()
    _pause(plant, chance, 2, 5)
    plant.disk.fill()
    _pause(plant, chance, 10, 40)
    plant.disk.empty()
    plant.kafka_proxy.reset()


TRIALS = (
    Trial("gateway killed (SIGKILL)", kill_gateway, ends_life=True, deaf=True, weight=4),
    Trial("gateway stopped (SIGTERM) and started", stop_gateway, ("stopped",), ends_life=True, deaf=True),
    Trial("gateway frozen (SIGSTOP)", freeze_gateway, deaf=True),
    Trial("configuration reloaded (SIGHUP)", reload_gateway, ("reloaded",), deaf=True),
    Trial("broken configuration (SIGHUP)", reload_badly, ("reload_refused",)),
    Trial("Kafka killed (SIGKILL)", kill_kafka, ("kafka_down",)),
    Trial("Kafka frozen (SIGSTOP)", freeze_kafka),
    Trial("Kafka and gateway killed", kill_kafka_and_gateway, ends_life=True, deaf=True, weight=1),
    Trial("MQTT broker restarted (SIGTERM)", restart_mosquitto, ("source_lost",)),
    Trial("MQTT broker killed (SIGKILL)", kill_mosquitto, ("source_lost",)),
    Trial("MQTT broker frozen (SIGSTOP)", freeze_mosquitto),
    Trial("network to Kafka cut", cut_kafka, ("kafka_down",)),
    Trial("network to Kafka silent", silence_kafka),
    Trial("network to Kafka and MQTT cut", cut_everything, ("kafka_down", "source_lost")),
    Trial("network to MQTT silent", silence_mqtt),
    Trial("Kafka's acknowledgements lost", lose_answers),
    Trial("storm of MQTT reconnects", storm_of_reconnects, ("source_lost",)),
    Trial("slow network", slow_network, weight=1),
    Trial("MQTT messages that are no reading", hostile_messages),
    Trial("HTTP requests that are no reading", hostile_requests, weight=1),
    Trial("journal's disk full", fill_the_disk, deaf=True, needs_disk=True),
)


def nonsense(chance: Random) -> bytes:
    """The bytes of an HTTP request that is none, or brings no reading."""
    body = chance.choice([b"{", b"[" * 5_000, b'{"suhu": NaN}', b"\xff" * 100, json.dumps({"suhu": "x"}).encode()])
    return chance.choice(
        [
            b"POST /readings HTTP/1.1\r\nHost: x\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body,
            b"POST /readings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
            b"\x16\x03\x01\x02\x00" + bytes(chance.randrange(256) for _ in range(200)),
            b"POST /readings HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n",
            b"",
        ]
    )
