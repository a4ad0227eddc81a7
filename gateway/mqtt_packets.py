"""QoS 1 messages out of the byte stream of an MQTT connection. Pure: no I/O, no clock.

paho-mqtt spends some 30 µs on each message, most of what the gateway has to do for it; a packet is split off in
three. Everything else (CONNACK, SUBACK, PINGRESP, QoS 0 and 2) is left to paho.
Packet format: OASIS MQTT 3.1.1 and 5, sections 2.1 and 2.2 (fixed header) and 3.3 (PUBLISH).
"""

from dataclasses import dataclass

MAX_PACKET_BYTES = 1 << 20  # what is longer is not kept: 16 times the largest payload that is decoded
KEPT_BYTES = 4096  # of the payload of such a packet, for whoever looks for what sends it

PUBLISH_QOS_1 = 0x32
PUBLISH_MASK = 0xF6  # type and QoS; DUP and RETAIN may be anything
RETAIN = 0x01


@dataclass(frozen=True, slots=True)
class Message:
    """A PUBLISH as it arrived."""

    topic: bytes
    payload: bytes
    retained: bool
    packet_id: int
    qos: int
    whole_bytes: int = 0  # how long the payload was, when only its beginning was kept


class PacketSplitter:
    """Takes bytes as they come, gives complete packets.

    Args:
        properties: a PUBLISH has properties, which are skipped: MQTT 5.
    """

    def __init__(self, *, properties: bool = False) -> None:
        self._properties = properties
        self._rest = b""  # the beginning of a packet
        self._skip = 0  # bytes of an oversized packet that are still to come

    def feed(self, data: bytes) -> tuple[list[Message], bytes]:
        """Take the next bytes.

        Returns:
            The QoS 1 messages that are complete, in order; and all other complete packets, as they came.

        Raises:
            ValueError: this is not MQTT; the connection is of no use any more.
        """
        if self._skip:
            dropped = min(self._skip, len(data))
            self._skip -= dropped
            data = data[dropped:]
        data = self._rest + data if self._rest else data
        messages: list[Message] = []
        others: list[bytes] = []
        position, end = 0, len(data)
        while position < end:
            header = _length(data, position + 1, end)
            if header is None:
                break
            body, length = header
            if body + length > end:
                if length <= MAX_PACKET_BYTES or not self._skip_oversized(data, position, header, messages):
                    break
                position = end
            elif data[position] & PUBLISH_MASK == PUBLISH_QOS_1:
                messages.append(self._message(data, position, body, body + length))
                position = body + length
            else:
                others.append(data[position : body + length])
                position = body + length
        self._rest = data[position:]
        return messages, b"".join(others)

    def _message(self, data: bytes, first: int, body: int, end: int) -> Message:
        topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
        if topic_end + 2 > end:
            raise ValueError("a PUBLISH that is shorter than its topic")
        payload = topic_end + 2
        if self._properties:
            payload, length = _length(data, payload, end) or (end + 1, 0)
            payload += length
            if payload > end:
                raise ValueError("a PUBLISH that is shorter than its properties")
        is_whole = end <= len(data)
        return Message(
            data[body + 2 : topic_end],
            data[payload : end if is_whole else min(payload + KEPT_BYTES, end)],
            bool(data[first] & RETAIN),
            data[topic_end] << 8 | data[topic_end + 1],
            1,
            0 if is_whole else end - payload,
        )

    def _skip_oversized(self, data: bytes, first: int, header: tuple[int, int], messages: list[Message]) -> bool:
        """Give the message with the beginning of its payload; False while that has not arrived."""
        body, length = header
        if data[first] & PUBLISH_MASK != PUBLISH_QOS_1:
            return False
        topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
        if len(data) < topic_end + 2 + KEPT_BYTES:
            return False
        messages.append(self._message(data, first, body, body + length))
        self._skip = body + length - len(data)
        return True


def _length(data: bytes, position: int, end: int) -> tuple[int, int] | None:
    """A variable byte integer: where it ends and what it says; None when it is not complete before `end`.

    Raises:
        ValueError: it has more than four bytes, so this is no MQTT packet.
    """
    length = shift = 0
    for place in range(position, min(position + 4, end)):
        byte = data[place]
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            return place + 1, length
        shift += 7
    if end - position >= 4:
        raise ValueError("a packet length of more than four bytes")
    return None


def pubacks(packet_ids: list[int]) -> bytes:
    """The PUBACK packets for these ids (section 3.4); in MQTT 5 this short form means success."""
    return b"".join(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in packet_ids)
