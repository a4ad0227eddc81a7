import asyncio
import inspect
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.decode import Device
from gateway.errors import SourceLost
from gateway.model import Delivery, Reading
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource, template_pattern
from sandbox.mosquitto import Mosquitto

Protocol = Literal["5", "3.1.1"]

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
clients = (f"test-{number}" for number in itertools.count())


@pytest.mark.parametrize(
    ("template", "topic", "sensor_id"),
    [
        ("suhu/{sensor_id}", "suhu/S1", "S1"),
        ("suhu/{sensor_id}", "suhu/S1/x", None),
        ("{sensor_id}/status/temperature:0", "shelly-1/status/temperature:0", "shelly-1"),
        ("plant/+/{sensor_id}/#", "plant/hall 1/S1/a/b", "S1"),
        ("plant/{sensor_id}/#", "plant/S1", "S1"),
        ("a.b/{sensor_id}", "axb/S1", None),
    ],
)
def test_a_template_takes_the_sensor_from_its_level(template: str, topic: str, sensor_id: str | None) -> None:
    match = template_pattern(template).fullmatch(topic)
    assert (match["sensor_id"] if match else None) == sensor_id


def publish(broker: Mosquitto, *messages: tuple[str, bytes], retain: bool = False, qos: int = 1) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


@dataclass
class Taken:
    readings: list[Reading] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    @property
    def celsius(self) -> list[float]:
        return [one.celsius for one in self.readings]


async def take(deliveries: AsyncIterator[Delivery], count: int, *, acknowledge: bool = False) -> Taken:
    """Collect until there are so many messages."""
    taken = Taken()
    async with asyncio.timeout(10):
        while len(taken.celsius) + len(taken.reasons) < count:
            delivery = await anext(deliveries)
            taken.readings += delivery.readings
            taken.reasons += [one.reason for one in delivery.rejected]
            if acknowledge:
                delivery.ack()
    return taken


def source(broker: Mosquitto, client_id: str, topic: str, protocol: Protocol = "5") -> MqttSource:
    return MqttSource(Broker(broker.host, broker.port, client_id, protocol), [topic], now=lambda: MOMENT)


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return f"{request.node.name}/{{sensor_id}}"


@pytest.fixture
def to(topic: str) -> Callable[[str], str]:
    return lambda sensor_id: topic.replace("{sensor_id}", sensor_id)


pytestmark = pytest.mark.system


def test_messages_become_readings_in_order(mosquitto: Mosquitto, topic: str, to: Callable[[str], str]) -> None:
    async def scenario() -> list[Reading]:
        async with source(mosquitto, next(clients), topic).open() as deliveries:
            messages = [(to("S1"), b"70.25"), (to("S2"), b'{"suhu": 71}'), (to("S3"), b'{"sensor_id":"S9","suhu":72}')]
            await asyncio.to_thread(publish, mosquitto, *messages)
            return (await take(deliveries, 3)).readings

    assert asyncio.run(scenario()) == [
        Reading("S1", 70.25, MOMENT, "mqtt"),
        Reading("S2", 71.0, MOMENT, "mqtt"),
        Reading("S9", 72.0, MOMENT, "mqtt"),
    ]


def test_what_is_not_acknowledged_comes_again_and_what_is_does_not(
    mosquitto: Mosquitto, topic: str, to: Callable[[str], str]
) -> None:
    client_id = next(clients)

    async def first_life() -> None:
        async with source(mosquitto, client_id, topic).open() as deliveries:
            await asyncio.to_thread(publish, mosquitto, *[(to("S1"), str(one).encode()) for one in range(70, 74)])
            assert (await take(deliveries, 4, acknowledge=True)).celsius == [70, 71, 72, 73]
            await asyncio.to_thread(publish, mosquitto, *[(to("S1"), str(one).encode()) for one in range(74, 80)])
            assert (await take(deliveries, 6)).celsius == [74, 75, 76, 77, 78, 79]

    async def second_life() -> list[float]:
        async with source(mosquitto, client_id, topic).open() as deliveries:
            return (await take(deliveries, 6)).celsius

    asyncio.run(first_life())
    assert asyncio.run(second_life()) == [74, 75, 76, 77, 78, 79]


def test_the_broker_keeps_messages_while_the_gateway_is_away(
    mosquitto: Mosquitto, topic: str, to: Callable[[str], str]
) -> None:
    client_id = next(clients)

    async def subscribe() -> None:
        async with source(mosquitto, client_id, topic).open():
            pass

    async def collect() -> list[float]:
        async with source(mosquitto, client_id, topic).open() as deliveries:
            # More than the broker's window of 20: without acknowledgements the rest would not come.
            return (await take(deliveries, 30, acknowledge=True)).celsius

    asyncio.run(subscribe())
    publish(mosquitto, *[(to("S1"), str(number).encode()) for number in range(30)])
    assert asyncio.run(collect()) == list(range(30))


def test_a_poisoned_message_is_rejected_with_its_reason_and_the_next_one_read(
    mosquitto: Mosquitto, topic: str, to: Callable[[str], str]
) -> None:
    async def scenario() -> Taken:
        async with source(mosquitto, next(clients), topic).open() as deliveries:
            bad = [b"{", b"\xff\xfe", b'{"suhu": NaN}', b"x" * 70_000, b"x" * 2_000_000, b""]
            await asyncio.to_thread(publish, mosquitto, *[(to("S1"), one) for one in bad], (to("S1"), b"70"))
            return await take(deliveries, 7, acknowledge=True)

    taken = asyncio.run(scenario())
    assert taken.reasons == ["bad_json", "not_text", "bad_json", "too_large", "too_large", "empty"]
    assert taken.celsius == [70]


def test_a_retained_message_is_taken_and_marked(mosquitto: Mosquitto, topic: str, to: Callable[[str], str]) -> None:
    publish(mosquitto, (to("S1"), b"99"), retain=True)

    async def scenario() -> Taken:
        async with source(mosquitto, next(clients), topic).open() as deliveries:
            await asyncio.to_thread(publish, mosquitto, (to("S1"), b"70"), retain=True)
            return await take(deliveries, 2)

    assert asyncio.run(scenario()).readings == [
        Reading("S1", 99.0, MOMENT, "mqtt", retained=True),
        Reading("S1", 70.0, MOMENT, "mqtt"),
    ]


def test_a_described_device_is_subscribed_to_and_read_as_described(mosquitto: Mosquitto, topic: str) -> None:
    prefix = topic.removesuffix("/{sensor_id}")
    device = Device.model_validate({"json_paths": [{"path": "temp_x10", "scale": 0.1}]})
    described = [([f"{prefix}/plc/{{sensor_id}}"], device)]

    async def scenario() -> list[Reading]:
        one = MqttSource(
            Broker(mosquitto.host, mosquitto.port, next(clients)),
            [f"{prefix}/+"],
            now=lambda: MOMENT,
            devices=described,
        )
        async with one.open() as deliveries:
            messages = [(f"{prefix}/plc/tank", b'{"temp_x10":235}'), (f"{prefix}/oven", b'{"temperature":70}')]
            await asyncio.to_thread(publish, mosquitto, *messages)
            return (await take(deliveries, 2)).readings

    assert asyncio.run(scenario()) == [
        Reading("tank", 23.5, MOMENT, "mqtt"),
        Reading(f"{prefix}/oven", 70.0, MOMENT, "mqtt"),
    ]


def test_a_retained_announcement_is_heard(mosquitto: Mosquitto, topic: str) -> None:
    prefix = topic.removesuffix("/{sensor_id}")
    announced = f'{{"stat_t":"{prefix}/oven","dev_cla":"temperature","unit_of_meas":"°F"}}'.encode()
    publish(mosquitto, (f"{prefix}/sensor/oven/config", announced), retain=True)

    async def scenario() -> Taken:
        async with source(mosquitto, next(clients), f"{prefix}/#").open() as deliveries:
            await take(deliveries, 1)
            await asyncio.to_thread(publish, mosquitto, (f"{prefix}/oven", b"212"))
            return await take(deliveries, 1)

    assert asyncio.run(scenario()).readings == [Reading(f"{prefix}/oven", 100.0, MOMENT, "mqtt")]


@pytest.mark.parametrize(("protocol", "retained"), [("5", [True]), ("3.1.1", [True, True])])
def test_a_new_connection_brings_retained_messages_again_only_in_version_3(
    mosquitto: Mosquitto, topic: str, to: Callable[[str], str], protocol: Protocol, retained: list[bool]
) -> None:
    publish(mosquitto, (to("S1"), b"99"), retain=True)
    client_id = next(clients)

    async def life() -> list[Reading]:
        async with source(mosquitto, client_id, topic, protocol).open() as deliveries:
            await asyncio.to_thread(publish, mosquitto, (to("S2"), b"70"))
            readings: list[Reading] = []
            while not readings or readings[-1].sensor_id != "S2":
                readings += (await take(deliveries, 1, acknowledge=True)).readings
            return readings

    readings = [*asyncio.run(life()), *asyncio.run(life())]
    assert [one.retained for one in readings if one.sensor_id == "S1"] == retained
    assert [one.retained for one in readings if one.sensor_id == "S2"] == [False, False]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize(("qos", "second_life"), [(0, []), (1, [70, 71]), (2, [70, 71])])
def test_without_an_acknowledgement_all_but_qos_0_comes_again(
    mosquitto: Mosquitto,
    topic: str,
    to: Callable[[str], str],
    protocol: Protocol,
    qos: int,
    second_life: list[float],
) -> None:
    client_id = next(clients)

    async def life(*, publishing: bool, last: float) -> list[float]:
        async with source(mosquitto, client_id, topic, protocol).open() as deliveries:
            if publishing:
                await asyncio.to_thread(publish, mosquitto, (to("S1"), b"70"), (to("S1"), b"71"), qos=qos)
            else:
                await asyncio.to_thread(publish, mosquitto, (to("S1"), str(last).encode()))
            found: list[float] = []
            while not found or found[-1] != last:
                found += (await take(deliveries, 1)).celsius
            return found

    assert asyncio.run(life(publishing=True, last=71)) == [70, 71]
    assert asyncio.run(life(publishing=False, last=99)) == [*second_life, 99]


def test_the_hook_that_keeps_paho_from_reading_the_socket_is_there() -> None:
    """Contract with paho's inside.

    `_sock_recv` is the only way it reads, `_create_socket` the only way it connects,
    `_packet_queue` takes ready packets.
    """
    assert "_sock_recv" in vars(mqtt.Client)
    assert inspect.getsource(mqtt.Client).count("self._create_socket()") == 1
    assert "_packet_queue" in vars(mqtt.Client)
    assert inspect.getsource(mqtt.Client).count("._sock.recv(") == 1


def test_a_broker_that_goes_away_is_source_lost(mosquitto: Mosquitto, topic: str) -> None:
    async def scenario() -> None:
        async with source(mosquitto, next(clients), topic).open() as deliveries:
            await asyncio.to_thread(mosquitto.kill)
            with pytest.raises(SourceLost, match="is lost"):
                await asyncio.wait_for(anext(deliveries), 10)
        with pytest.raises(SourceLost, match="cannot be reached"):
            async with source(mosquitto, next(clients), topic).open():
                pass

    try:
        asyncio.run(scenario())
    finally:
        mosquitto.start()
