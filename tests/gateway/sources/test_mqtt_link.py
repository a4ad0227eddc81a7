import asyncio
import itertools
import threading
from typing import Any, Literal

import paho.mqtt.client as mqtt
import paho.mqtt.publish
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.errors import SourceLost
from gateway.mqtt_packets import Message
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_link import MqttLink
from sandbox.mosquitto import Mosquitto

clients = (f"link-{number}" for number in itertools.count())


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize(("published", "arrives"), [(0, 0), (1, 1), (2, 1)])
def test_the_broker_lowers_qos_2_to_1(
    mosquitto: Mosquitto, protocol: Literal["5", "3.1.1"], published: int, arrives: int
) -> None:
    name = next(clients)

    async def scenario() -> list[Message]:
        link = MqttLink(Broker(mosquitto.host, mosquitto.port, name, protocol), [name])
        messages: list[Message] = []
        async with link.connected() as batches, asyncio.timeout(10):
            for payload in ("70", "71"):
                await asyncio.to_thread(
                    paho.mqtt.publish.single, name, payload, published, hostname=mosquitto.host, port=mosquitto.port
                )
            while len(messages) < 2:
                batch = await anext(batches)
                link.acknowledge(batch)
                messages += batch
        return messages

    messages = asyncio.run(scenario())
    assert [(message.payload, message.qos) for message in messages] == [(b"70", arrives), (b"71", arrives)]


def test_a_broker_that_knows_only_3_1_1_is_told_with_the_key_to_set() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x20\x02\x00\x01")  # CONNACK, unacceptable protocol version (OASIS MQTT 3.1.1, section 3.2)
        await reader.read()
        writer.close()

    async def scenario() -> SourceLost:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(SourceLost) as caught:
                async with MqttLink(Broker("127.0.0.1", port, "c"), ["t"]).connected():
                    pass
        return caught.value

    lost = asyncio.run(scenario())
    assert 'does not speak this version of MQTT (Unsupported protocol version): set protocol = "3.1.1"' in str(lost)
    assert lost.longest_pause_s == 10.0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_messages_of_qos_2_that_an_earlier_subscriber_left_in_the_session_are_taken_too(
    mosquitto: Mosquitto, protocol: Literal["5", "3.1.1"]
) -> None:
    name = next(clients)
    subscribe_with_qos_2(mosquitto, name)
    # More than the broker's window of 20: one that is not acknowledged as QoS 2 demands would end the connection.
    payloads = [b"%d" % number for number in range(30)]
    messages: Any = [{"topic": name, "payload": payload, "qos": 2} for payload in payloads]
    paho.mqtt.publish.multiple(messages, mosquitto.host, mosquitto.port)

    async def scenario() -> list[bytes]:
        link = MqttLink(Broker(mosquitto.host, mosquitto.port, name, protocol), [name])
        taken: list[bytes] = []
        async with link.connected() as batches, asyncio.timeout(10):
            while len(taken) < 30:
                batch = await anext(batches)
                link.acknowledge(batch)
                taken += [message.payload for message in batch]
        return taken

    assert asyncio.run(scenario()) == payloads


def subscribe_with_qos_2(mosquitto: Mosquitto, name: str) -> None:
    subscribed = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
    client.on_connect = lambda client, *_: client.subscribe(name, 2)
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    assert subscribed.wait(10)
    client.disconnect()
    client.loop_stop()
