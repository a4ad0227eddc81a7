"""One MQTT connection with a persistent session, driven by the event loop."""

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from gateway.errors import SourceLost
from gateway.mqtt_packets import Message, PacketSplitter
from gateway.sources.blocking import finished
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_client import Client
from gateway.sources.mqtt_refusals import ANSWER_PAUSE_S, LINK_PAUSE_S, Answer, not_connected, not_trusted, refused

SESSION_TIMEOUT_S = 10.0
MISC_S = 1.0  # how often paho looks at its keep-alive timers
LAST_ACKS_S = 2.0  # on a stop, how long to wait for commits whose messages are not acknowledged yet
LAST_WRITES_S = 0.5
DRAIN_S = 0.5
READ_BYTES = 131_072
MAX_BATCH = 500  # messages of one delivery, which is one piece of a commit: it must fit into a small rest of disk
MAX_INBOX = 5_000  # messages; what has QoS 0 is bounded by nothing else


class MqttLink:
    """One connection. Everything but the blocking connect runs on the event loop's thread.

    Args:
        broker: which one, and as whom.
        filters: topic filters, subscribed with QoS 1: a publisher's QoS 2 is lowered to 1 by the
            broker, because paho keeps the state of QoS 2 only in memory and would lose it in a crash.
    """

    def __init__(self, broker: Broker, filters: Sequence[str]) -> None:
        self._broker = broker
        self._filters = list(filters)
        self._inbox: deque[Message] = deque()
        self._changed = asyncio.Event()
        self._connected = asyncio.get_running_loop().create_future()
        self._lost: SourceLost | None = None
        self._unacknowledged = 0
        self._paused: Any = None  # the socket, while it is not read
        self._splitter = PacketSplitter(properties=broker.protocol == "5")
        self._client = Client(broker)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[AsyncIterator[list[Message]]]:
        """Connect and subscribe; yields the messages, all that have arrived at a time.

        Raises:
            SourceLost: see Source.
        """
        try:
            await finished(self._client.begin, undo=self._abandon)
        except OSError as exc:  # the CONNECT itself was not taken
            raise SourceLost(f"{self._broker} cannot be reached {not_connected(exc)}", LINK_PAUSE_S) from exc
        sock = self._client.socket()
        if sock is None:  # it broke while the CONNECT was written
            raise SourceLost(self._closed(), LINK_PAUSE_S)
        loop = asyncio.get_running_loop()
        # paho calls these on our thread from now on; what it could not write at once waits for the writer.
        self._client.on_socket_register_write = lambda _c, _u, s: loop.add_writer(s, self._client.loop_write)
        self._client.on_socket_unregister_write = self._stop_writing
        self._client.on_socket_close = self._stop_watching
        self._client.on_disconnect = self._on_disconnect
        loop.add_reader(sock, self._read, sock)
        if self._client.want_write():
            loop.add_writer(sock, self._client.loop_write)
        timers = asyncio.create_task(self._run_timers(), name=f"timers of {self._broker}")
        try:
            await self._wait_for_session()
            yield self._messages()
        finally:
            timers.cancel()
            await self._close()

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Send the PUBACKs, unless the connection that brought the messages is gone: the next one brings them again."""
        self._unacknowledged -= len(messages)
        if self._lost is None:
            if packet_ids := [one.packet_id for one in messages if one.qos == 1]:
                self._client.send_pubacks(packet_ids)
            for one in messages:
                if one.qos == 2:  # left in the session by an earlier subscriber of this name
                    self._client.ack(one.packet_id, 2)
        self._changed.set()

    async def _wait_for_session(self) -> None:
        try:
            async with asyncio.timeout(SESSION_TIMEOUT_S):
                await self._connected
        except TimeoutError:
            raise SourceLost(
                f"{self._broker} accepts connections but does not answer within 10 s: restart it, "
                "or check that MQTT is what this port speaks",
                ANSWER_PAUSE_S,
            ) from None

    async def _messages(self) -> AsyncIterator[list[Message]]:
        while True:
            while not self._inbox:
                if self._lost is not None:
                    raise self._lost
                self._changed.clear()
                await self._changed.wait()
            batch = [self._inbox.popleft() for _ in range(min(len(self._inbox), MAX_BATCH))]
            self._unacknowledged += len(batch)
            if self._paused is not None and self._lost is None:
                asyncio.get_running_loop().add_reader(self._paused, self._read, self._paused)
                self._paused = None
            yield batch

    async def _run_timers(self) -> None:
        while True:
            await asyncio.sleep(MISC_S)
            self._client.loop_misc()

    async def _close(self) -> None:
        """Acknowledge what gets durable in time, then close so that no acknowledgement on its way is lost."""
        try:
            async with asyncio.timeout(LAST_ACKS_S):
                while self._unacknowledged and self._lost is None:
                    self._changed.clear()
                    await self._changed.wait()
            async with asyncio.timeout(LAST_WRITES_S):
                while self._client.want_write() and self._lost is None:
                    self._client.loop_write()
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pass  # not durable or not written, so not acknowledged: the broker sends it again
        # paho's destructor calls these too, when the event loop may be gone.
        self._client.on_socket_close = None
        self._client.on_socket_unregister_write = None
        sock = self._client.socket()
        if sock is None:
            return
        self._stop_watching(None, None, sock)
        try:
            await asyncio.to_thread(_drain, sock)
        finally:
            sock.close()

    def _abandon(self, _begun: object) -> None:
        """Cancelled while connecting: the broker must not find this connection beside the next one of our name."""
        if (sock := self._client.socket()) is not None:
            sock.close()

    @staticmethod
    def _stop_writing(_c: Any, _u: Any, sock: Any) -> None:
        asyncio.get_running_loop().remove_writer(sock)

    @staticmethod
    def _stop_watching(_c: Any, _u: Any, sock: Any) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.remove_writer(sock)

    def _read(self, sock: Any) -> None:
        try:
            data = sock.recv(READ_BYTES)
            while isinstance(sock, ssl.SSLSocket) and sock.pending():
                data += sock.recv(READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except ssl.SSLError as exc:  # TLS 1.3 brings the refusal of our certificate after the handshake
            self._end(f"{self._broker} {not_trusted(exc, self._broker.host)}", ANSWER_PAUSE_S, sock)
            return
        except OSError as exc:
            self._end(self._closed(exc.strerror or str(exc)), LINK_PAUSE_S, sock)
            return
        if not data:
            self._end(self._closed(), LINK_PAUSE_S, sock)
            return
        try:
            messages, others = self._splitter.feed(data)
        except ValueError as exc:
            self._end(f"{self._broker} sends what is not MQTT ({exc}): check port and tls", ANSWER_PAUSE_S, sock)
            return
        if messages:
            self._inbox.extend(messages)
            self._changed.set()
        if others:
            self._client.process(others)
        if len(self._inbox) >= MAX_INBOX and self._lost is None:
            asyncio.get_running_loop().remove_reader(sock)  # until the inbox is taken
            self._paused = sock

    def _closed(self, how: str = "it has closed it") -> str:
        if self._connected.done():
            return f"the connection to {self._broker} is lost: {how}"
        hint = "it may want another cert_file" if self._broker.tls else "does this port want tls = true?"
        return f"{self._broker} closes the connection without an answer: its log has the cause; {hint}"

    def _on_connect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.is_failure:
            why = refused(reason, self._broker.username, self._broker.client_id)
            self._end(f"{self._broker} {why}", ANSWER_PAUSE_S)
        else:
            self._client.subscribe_to(self._filters)

    def _on_subscribe(self, _c: Any, _u: Any, _mid: int, reasons: list[ReasonCode], _p: Any) -> None:
        denied = [one for one, reason in zip(self._filters, reasons, strict=False) if reason.is_failure]
        if denied:
            why = f"refuses the subscription to {', '.join(denied)}: check its access list and topics"
            self._end(f"{self._broker} {why}", ANSWER_PAUSE_S)
        elif not self._connected.done():
            self._connected.set_result(None)

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        """QoS 0, and an earlier subscriber's QoS 2: what has QoS 1 was split off before paho saw it."""
        topic = message._topic  # the public property raises on a topic that is not UTF-8
        self._inbox.append(Message(topic, bytes(message.payload), message.retain, message.mid, message.qos))
        self._changed.set()

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, reason: ReasonCode, _p: Any) -> None:
        if reason.value == Answer.SESSION_TAKEN_OVER:
            why = refused(reason, self._broker.username, self._broker.client_id)
            self._end(f"{self._broker} {why}", ANSWER_PAUSE_S)
        else:
            self._end(f"the connection to {self._broker} is lost: {reason}", LINK_PAUSE_S)

    def _end(self, why: str, longest_pause_s: float, sock: Any = None) -> None:
        if self._lost is None:
            self._lost = SourceLost(why, longest_pause_s)
        if not self._connected.done():
            self._connected.set_exception(self._lost)
        if sock is not None:
            self._stop_watching(None, None, sock)
        self._changed.set()


def _drain(sock: Any) -> None:
    """Half-close, then read to the end: closing with unread input resets the connection and loses our last PUBACKs."""
    try:
        sock.settimeout(DRAIN_S)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65_536):
            pass
    except OSError:
        pass
