import threading
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.firmware_sim.child import PATIENCE_S


class Subscriber:
    """A client with a persistent session that notes everything it gets."""

    def __init__(self, port: int, *filters: str) -> None:
        self.messages: list[MQTTMessage] = []
        subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="subscriber", clean_session=False)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe([(topic, 1) for topic in filters])
        assert subscribed.wait(PATIENCE_S)

    def received(self) -> list[str]:
        """Payloads in order, without what the broker has delivered again."""
        return [message.payload.decode() for message in self.messages if not message.dup]

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self.messages.append(message)
