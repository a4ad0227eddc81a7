import json
from collections.abc import Iterator

from tests.faults.invariants import Accepted

PUBLISH, PUBACK = 3, 4  # OASIS MQTT 5, table 2-1


class Wiretap:
    """Reads one MQTT 5 connection of the gateway along: which readings arrive, and for which it sends a PUBACK.

    Args:
        arrived, acknowledged: where they are noted, over several connections.
    """

    def __init__(self, arrived: list[Accepted], acknowledged: list[Accepted]) -> None:
        self._arrived = arrived
        self._acknowledged = acknowledged
        self._under_way: dict[int, Accepted | None] = {}  # None: what is no reading
        self._from_gateway = bytearray()
        self._from_broker = bytearray()

    def request(self, data: bytes) -> None:
        """From the gateway."""
        self._from_gateway += data
        for kind, _, body in _packets(self._from_gateway):
            if kind == PUBACK and (reading := self._under_way.pop(int.from_bytes(body[:2], "big"), None)):
                self._acknowledged.append(reading)

    def answer(self, data: bytes) -> None:
        """From the broker."""
        self._from_broker += data
        for kind, flags, body in _packets(self._from_broker):
            if kind == PUBLISH and flags & 0b110:
                end = 2 + int.from_bytes(body[:2], "big")
                packet_id = int.from_bytes(body[end : end + 2], "big")
                payload = body[end + 3 + body[end + 2] :]  # behind the properties, which mosquitto adds none of
                reading = self._under_way[packet_id] = _reading(body[2:end].decode(), payload)
                if reading is not None:
                    self._arrived.append(reading)


def _reading(topic: str, payload: bytes) -> Accepted | None:
    try:
        return topic.rsplit("/", 1)[1], json.loads(payload)["suhu"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def _packets(stream: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Take the complete packets out of the stream: type, flags, what follows the fixed header (section 2.1)."""
    while True:
        size = next((place for place, byte in enumerate(stream[1:5], start=1) if byte < 0x80), 0)  # of the length
        if size == 0:
            return
        end = 1 + size + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(stream[1 : 1 + size]))
        if len(stream) < end:
            return
        yield stream[0] >> 4, stream[0] & 0x0F, bytes(stream[1 + size : end])
        del stream[:end]
