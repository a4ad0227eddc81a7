from pathlib import Path
from queue import SimpleQueue

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from sandbox.errors import SandboxError
from sandbox.mosquitto import Mosquitto

pytestmark = pytest.mark.system

WAIT_S = 10


def publish(broker: Mosquitto, topic: str, payload: bytes, *, retain: bool = False) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(WAIT_S)
    client.disconnect()
    client.loop_stop()


def receive(broker: Mosquitto, topic: str, *, count: int, client_id: str = "reader") -> list[bytes]:
    """Subscribe in a persistent session and take so many messages."""
    subscribed: SimpleQueue[bool] = SimpleQueue()
    payloads: SimpleQueue[bytes] = SimpleQueue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False)
    client.on_message = lambda _client, _data, message: payloads.put(bytes(message.payload))
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        subscribed.get(timeout=WAIT_S)
        return [payloads.get(timeout=WAIT_S) for _ in range(count)]
    finally:
        client.disconnect()
        client.loop_stop()


def test_port_retained_messages_and_queues_are_kept_over_a_restart(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        port = broker.port
        receive(broker, "queue", count=0)
        publish(broker, "queue", b"71.5")
        publish(broker, "kept", b"70.25", retain=True)
        broker.restart()
        assert broker.port == port
        assert receive(broker, "queue", count=1) == [b"71.5"]
        assert receive(broker, "kept", count=1, client_id="other") == [b"70.25"]


def test_a_killed_broker_comes_back_on_its_port(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        broker.kill()
        with pytest.raises(ConnectionRefusedError):
            publish(broker, "t", b"1")
        broker.start()
        publish(broker, "t", b"1", retain=True)
        assert receive(broker, "t", count=1) == [b"1"]


def test_the_queue_of_a_long_outage_is_kept_whole(mosquitto: Mosquitto) -> None:
    """mosquitto's default drops what is beyond 1,000 messages."""
    receive(mosquitto, "outage", count=0, client_id="outage")
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.max_inflight_messages_set(1000)
    client.connect(mosquitto.host, mosquitto.port)
    client.loop_start()
    sent = [client.publish("outage", b"%d" % number, qos=1) for number in range(1500)]
    for message in sent:
        message.wait_for_publish(WAIT_S)
    client.disconnect()
    client.loop_stop()
    assert receive(mosquitto, "outage", count=1500, client_id="outage") == [b"%d" % number for number in range(1500)]


def test_a_guarded_listener_refuses_whom_the_open_one_lets_in(tmp_path: Path) -> None:
    answers: SimpleQueue[str] = SimpleQueue()
    with Mosquitto(tmp_path, guard=["allow_anonymous false"]) as broker:
        for port in (broker.port, broker.guarded_port):
            client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
            client.on_connect = lambda _client, _data, _flags, reason, _properties: answers.put(str(reason))
            client.connect(broker.host, port)
            client.loop_start()
            answer = answers.get(timeout=WAIT_S)
            client.disconnect()
            client.loop_stop()
            assert answer == {broker.port: "Success", broker.guarded_port: "Not authorized"}[port]


def test_a_broker_without_a_guard_has_no_guarded_port(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker, pytest.raises(SandboxError, match="no guarded listener: give it a `guard`"):
        _ = broker.guarded_port


def test_a_mistake_in_the_settings_is_told_with_its_own_words(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, settings=["no_such_setting true"])
    with pytest.raises(SandboxError, match=r"(?s)mosquitto: it ended with exit code 3 before .*no_such_setting"):
        broker.__enter__()
    assert not broker.alive
