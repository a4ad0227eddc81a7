import getpass
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.firmware_sim.child import PATIENCE_S, wait_until


class Broker:
    """A real mosquitto that keeps its sessions over a restart."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\n"
            f"persistence true\npersistence_location {folder}/\nlog_dest none\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def forbid_strangers(self) -> None:
        text = self._configuration.read_text()
        self._configuration.write_text(text.replace("allow_anonymous true", "allow_anonymous false"))

    def start(self) -> None:
        self._process = subprocess.Popen(["mosquitto", "-c", str(self._configuration)])
        wait_until(self._answers, "mosquitto answers")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)
            self._process = None

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


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

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        self.messages.append(message)
