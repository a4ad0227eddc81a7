import asyncio
import logging
import math
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from firmware_sim.device import MqttDevice
from firmware_sim.frame import Frame
from firmware_sim.outlet import Presence, ignore, until
from firmware_sim.sparkplug import EdgeNode
from firmware_sim.speech import Speech
from firmware_sim.truth import TruthLog

MAX_WAITING = 10_000  # readings kept while the broker is away; later ones are dropped
KEEPALIVE_S = 10
MESSAGE_NUMBERS = 65_535  # that can be under way at once
MAX_RECONNECT_DELAY_S = 2
GOODBYE_S = 0.1  # for the DISCONNECT packet at the end

log = logging.getLogger("firmware_sim")


class MqttClient:
    """A device that publishes with QoS 1 over a persistent session, and reconnects by itself for ever.

    Its first reading waits for the first connection. Readings made while the broker is away wait here and not in
    paho's queue: what is published between paho's reconnect and the broker's CONNACK goes out at once, before the
    messages paho has to repeat, and a device would overtake itself. paho runs in its own thread; all state here
    belongs to the event loop.
    """

    def __init__(
        self, device: MqttDevice, voice: Speech | EdgeNode, truth: TruthLog, announce: Callable[[str], None]
    ) -> None:
        self.presence = Presence()
        self.on_request: Callable[[bytes], None] = ignore
        self._device = device
        self._voice = voice
        self._truth = truth
        self._announce = announce
        self._waiting: deque[Frame] = deque()
        self._unacked = 0
        self._connected = Presence()
        self._repeating = False  # reconnected, and paho is not yet done with what was under way before
        self._told_away = False  # one line per change of state, not per attempt
        self._publishable = asyncio.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=device.client_id or f"firmware-sim-{device.name}",
            clean_session=False,
        )

    @property
    def baud(self) -> int | None:
        """No line."""
        return None

    @asynccontextmanager
    async def open(self, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
        """Stay connected from entry to exit; a missing broker is waited for."""
        publisher = tasks.create_task(self._publish_later(), name=f"mqtt {self._device.name}")
        self._call_back_on(asyncio.get_running_loop())
        will = self._voice.will()
        if will is not None:
            self._client.will_set(will.topic, will.data, qos=1, retain=will.retain)
        self._client.reconnect_delay_set(1, MAX_RECONNECT_DELAY_S)
        self._client.connect_async(self._device.host, self._device.port, keepalive=KEEPALIVE_S)
        self._client.loop_start()
        try:
            yield
        finally:
            publisher.cancel()
            await self._leave()

    def write(self, frame: Frame) -> bool:
        """Noted as emitted when it is really published."""
        if not frame.data and "silence" in frame.faults:
            self._truth.note_emitted(frame, time.time_ns())
        elif len(self._waiting) < MAX_WAITING:
            self._waiting.append(frame)
            self._publish_waiting()
        else:
            self._truth.note_dropped(frame, time.time_ns())
        return True

    async def interrupt(self, duration_s: float) -> None:
        """Lose the connection without a goodbye, so that the broker publishes the will, and stay away for so long."""
        connection = self._client.socket()
        if not isinstance(connection, socket.socket) or not self._connected.listening:
            return
        self._client.reconnect_delay_set(math.ceil(duration_s), math.ceil(duration_s))
        connection.shutdown(socket.SHUT_RDWR)
        await self._connected.ends()
        await self._connected.begins()
        self._client.reconnect_delay_set(1, MAX_RECONNECT_DELAY_S)

    async def drained(self) -> None:
        """Wait until the broker has acknowledged everything."""
        await until(lambda: not self._waiting and not self._unacked)

    async def _publish_later(self) -> None:
        while True:
            await self._publishable.wait()
            self._publishable.clear()
            self._publish_waiting()

    def _publish_waiting(self) -> None:
        while self._waiting and self._connected.listening and not self._repeating:
            if not self._published(self._waiting[0]):
                return
            self._waiting.popleft()

    def _published(self, frame: Frame) -> bool:
        if self._unacked >= MESSAGE_NUMBERS:
            return False
        at_ns = time.time_ns()
        data = self._voice.sealed(frame)
        self._client.publish(frame.topic, data, qos=1, retain=frame.retain)
        self._unacked += 1  # whatever publish said: paho has it now, and repeats it until it is acknowledged
        self._truth.note_emitted(replace(frame, data=data), at_ns)
        return True

    def _give_birth(self) -> None:
        for frame in self._voice.births():
            self._published(frame)

    def _call_back_on(self, loop: asyncio.AbstractEventLoop) -> None:
        def tell(what: Callable[..., None], *args: object) -> None:
            try:
                loop.call_soon_threadsafe(what, *args)
            except RuntimeError:  # the loop is closed: nobody is left to be told
                return

        def on_connect(
            client: Client, userdata: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
        ) -> None:
            if reason.is_failure:
                tell(self._not_connected, str(reason))
            else:
                tell(self._now_connected)

        def on_disconnect(
            client: Client, userdata: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
        ) -> None:
            tell(self._not_connected, str(reason))

        def on_connect_fail(client: Client, userdata: Any) -> None:
            tell(self._not_connected, "no answer")

        def on_publish(
            client: Client, userdata: Any, mid: int, reason: ReasonCode, properties: Properties | None
        ) -> None:
            tell(self._acknowledged)

        def on_message(client: Client, userdata: Any, message: MQTTMessage) -> None:
            tell(self._give_birth)

        self._client.on_message = on_message
        self._client.on_connect = on_connect
        self._client.on_disconnect = on_disconnect
        self._client.on_connect_fail = on_connect_fail
        self._client.on_publish = on_publish

    def _now_connected(self) -> None:
        self._connected.set(listening=True)
        self._repeating = self._unacked > 0
        if self._voice.command_topic is not None:
            self._client.subscribe(self._voice.command_topic, qos=1)
        self._give_birth()
        self._publishable.set()
        if not self.presence.listening:
            self._announce(f"ready mqtt {self._device.name} {self._device.host}:{self._device.port}")
            self.presence.set(listening=True)
        elif self._told_away:
            log.warning("broker_back device=%s waiting=%d", self._device.name, len(self._waiting))
        self._told_away = False

    def _not_connected(self, reason: str) -> None:
        self._connected.set(listening=False)
        if not self._told_away:
            self._told_away = True
            broker = f"{self._device.host}:{self._device.port}"
            log.warning(
                "broker_away device=%s broker=%s reason=%r; trying until it answers", self._device.name, broker, reason
            )

    def _acknowledged(self) -> None:
        self._unacked -= 1
        self._repeating = self._repeating and self._unacked > 0
        if self._waiting:
            self._publishable.set()

    async def _leave(self) -> None:
        for frame in self._waiting:
            self._truth.note_dropped(frame, time.time_ns())
        if self._unacked:
            log.warning("not_acknowledged device=%s readings=%d", self._device.name, self._unacked)
        self._told_away = True
        was_connected = self._connected.listening
        self._client.disconnect()
        if was_connected and await self._connected.ends_before(asyncio.get_running_loop().time() + GOODBYE_S):
            self._client.loop_stop()  # its thread has nothing left to do: returns at once
