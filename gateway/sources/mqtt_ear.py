"""Hears what an MQTT broker passes on, without a session that outlives us: nothing is acknowledged or kept there."""

import queue
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from gateway.errors import SourceLost
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_refusals import ANSWER_PAUSE_S, LINK_PAUSE_S, not_connected, refused

ANSWER_S = 5.0
MAX_WAITING = 10_000  # messages; what comes faster than it is looked at is not heard


@dataclass(frozen=True, slots=True)
class Heard:
    """One message."""

    topic: str
    payload: bytes
    retained: bool


class _Ear(mqtt.Client):
    """paho on a connection of our making, with the broker's TLS and login; a session that ends with it."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        self._broker = broker
        if broker.username is not None:
            self.username_pw_set(broker.username, broker.password())

    def _create_socket(self) -> socket.socket:
        return self._broker.dial()


def heard(broker: Broker, filters: Sequence[str], seconds: float) -> Iterator[Heard]:
    """What is published within so many seconds, retained messages first; without filters only whether we are let in.

    Raises:
        SourceLost: there is no connection, or the broker refuses us.
    """
    messages: queue.Queue[Heard] = queue.Queue(MAX_WAITING)
    answers: queue.Queue[ReasonCode] = queue.Queue()
    client = _Ear(broker)

    def on_connect(_client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if not reason.is_failure and filters:
            client.subscribe([(one, 0) for one in filters])
        answers.put(reason)

    def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if not messages.full():
            messages.put(Heard(message.topic, bytes(message.payload), message.retain))

    client.on_connect, client.on_message = on_connect, on_message
    try:
        client.connect(broker.host, broker.port)
    except (OSError, ValueError) as exc:
        why = not_connected(exc) if isinstance(exc, OSError) else f"({exc})"
        raise SourceLost(f"{broker} cannot be reached {why}", LINK_PAUSE_S) from exc
    client.loop_start()
    try:
        try:
            reason = answers.get(timeout=ANSWER_S)
        except queue.Empty:
            raise SourceLost(f"{broker} does not answer: is this its MQTT port?", ANSWER_PAUSE_S) from None
        if reason.is_failure:
            raise SourceLost(f"{broker} {refused(reason, broker.username, 'of its own choice')}", ANSWER_PAUSE_S)
        ends_s = time.monotonic() + seconds
        while (left_s := ends_s - time.monotonic()) > 0:
            try:
                yield messages.get(timeout=left_s)
            except queue.Empty:
                return
    finally:
        client.disconnect()
        client.loop_stop()
