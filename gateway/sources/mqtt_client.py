import socket
from collections.abc import Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.mqtt_packets import pubacks
from gateway.sources.mqtt_broker import Broker

KEEPALIVE_S = 12  # paho asks a silent peer after one, and gives it up after two: within 30 s
FOR_EVER = 0xFFFF_FFFF  # MQTT 5, section 3.1.2.11.2: the session does not expire
# How many messages a broker of MQTT 5 may send without having seen an acknowledgement (Receive Maximum). mosquitto's 20
# would drain 20 messages per commit of a slow disk. After a crash it sends at most these again.
MAX_UNDER_WAY = 1_000


class Client(mqtt.Client):
    """paho, fed by us: what it reads from its socket is what we leave to it (a contract test watches this hook)."""

    def __init__(self, broker: Broker) -> None:
        self._is_5 = broker.protocol == "5"
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=None if self._is_5 else False,
            protocol=mqtt.MQTTv5 if self._is_5 else mqtt.MQTTv311,
            reconnect_on_failure=False,  # the gateway does that, and without lowering the version
            manual_ack=True,
        )
        self._broker = broker
        self.pending = b""

    def _create_socket(self) -> socket.socket:
        return self._broker.dial()

    def begin(self) -> None:
        """Connect and ask for the session that the broker keeps for us; blocks.

        Raises:
            SourceLost: there is no connection.
        """
        if self._broker.username is not None:
            self.username_pw_set(self._broker.username, self._broker.password())
        host, port = self._broker.host, self._broker.port
        if not self._is_5:
            self.connect(host, port, KEEPALIVE_S)
            return
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's has no types
        wishes.SessionExpiryInterval = FOR_EVER
        wishes.ReceiveMaximum = MAX_UNDER_WAY
        self.connect(host, port, KEEPALIVE_S, clean_start=False, properties=wishes)

    def subscribe_to(self, filters: Sequence[str]) -> None:
        """Ask for QoS 1, and in MQTT 5 for retained messages only when the session had no such subscription."""
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if self._is_5:
            self.subscribe([(one, options) for one in filters])
        else:
            self.subscribe([(one, 1) for one in filters])

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.pending:
            raise BlockingIOError
        data, self.pending = self.pending[:bufsize], self.pending[bufsize:]
        return data

    def process(self, packets: bytes) -> None:
        """Handle complete packets."""
        self.pending += packets
        while self.pending and self.socket() is not None:
            self.loop_read()

    def send_pubacks(self, packet_ids: list[int]) -> None:
        """Acknowledge several messages in one write."""
        self._packet_queue(mqtt.PUBACK, pubacks(packet_ids), 0, 0)
