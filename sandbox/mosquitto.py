import os
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sandbox.errors import SandboxError
from sandbox.ports import Port
from sandbox.preflight import find_mosquitto
from sandbox.process import Child

READY_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 2.0


class Mosquitto(Child):
    """An MQTT broker on loopback, for anyone, ready when `start` returns.

    Restarted, it has the same port and, after a clean stop, the same sessions, queues and retained messages; `kill`
    loses what it has not saved, as mosquitto does.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        work_dir: Path,
        *,
        port: int | None = None,
        settings: Sequence[str] = (),
        guard: Sequence[str] = (),
    ) -> None:
        """Prepare a broker.

        Args:
            work_dir: for its configuration, database and log.
            port: of the listener; None takes a free one.
            settings: further lines of mosquitto.conf.
            guard: the lines of a second listener that does not let everyone in, at `guarded_port`.
        """
        executable = find_mosquitto(dict(os.environ))
        if executable is None:
            raise SandboxError("mosquitto is not installed: run `make preflight`, it says how to install it.")
        self._folder = work_dir / "mosquitto"
        self._settings = list(settings)
        self._guard = list(guard)
        self._port = Port.fixed(port) if port else Port.reserve()
        self._guarded_port = Port.reserve() if guard else None
        super().__init__("mosquitto", [executable, "-c", str(self._folder / "mosquitto.conf")], work_dir)

    @property
    def port(self) -> int:
        """The port of the listener."""
        return self._port.number

    @property
    def guarded_port(self) -> int:
        """The port of the listener that `guard` describes."""
        if self._guarded_port is None:
            raise SandboxError("mosquitto has no guarded listener: give it a `guard`.")
        return self._guarded_port.number

    def start(self) -> Self:
        """Start it and wait until it accepts an MQTT connection.

        Raises:
            SandboxError: it does not; with the last lines of its log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / "mosquitto.conf").write_text("".join(f"{line}\n" for line in self._configuration()))
        super().start()
        self.wait_until(self._accepts, READY_TIMEOUT_S, "it accepts an MQTT connection")
        return self

    def close(self) -> None:
        """Stop it and let others have its port."""
        super().close()
        self._port.release()
        if self._guarded_port is not None:
            self._guarded_port.release()

    def _configuration(self) -> list[str]:
        lines = [
            f"listener {self.port} {self.host}",
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self._folder}/",
            "max_queued_messages 0",  # no limit: the 1,000 of the default are an outage of minutes
            "set_tcp_nodelay true",  # small packets must not wait for each other's TCP acknowledgement
            "log_dest stderr",
            *self._settings,
        ]
        if os.geteuid() == 0:  # it would become the user mosquitto, who may not write here
            lines.append("user root")
        if self._guard:
            listener = [f"listener {self.guarded_port} {self.host}", *self._guard]
            return ["per_listener_settings true", *lines, *listener]
        return lines

    def _accepts(self) -> bool:
        """Make a real MQTT connection: an open port alone may still be a broker that reads its database."""
        with socket.socket() as probe:
            if probe.connect_ex((self.host, self.port)) != 0:
                return False
        connected = threading.Event()  # or refused, but everyone is welcome
        client = mqtt.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda _client, _data, _flags, reason, _properties: connected.set()
        try:
            client.connect(self.host, self.port)
            client.loop_start()
            return connected.wait(CONNECT_TIMEOUT_S)
        except OSError:
            return False
        finally:
            client.disconnect()
            client.loop_stop()
