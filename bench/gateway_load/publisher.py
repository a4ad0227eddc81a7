"""Numbered readings over MQTT with QoS 1, as many or as fast as asked: `python -m bench.gateway_load.publisher`.

Ends when the broker has acknowledged all of them; after SIGTERM, all that were sent until then. Written over a bare
socket, because paho's 0.1 ms for each message would be taken from the gateway that is measured on the same cores.
"""

import argparse
import select
import signal
import socket
import sys
import time
from array import array
from pathlib import Path

from bench.gateway_load.readings import payload

# MQTT 3.1.1 (OASIS, chapter 3): packet types with their flags, in the first byte.
CONNECT, CONNACK, PUBLISH_QOS_1 = 0x10, 0x20, 0x32
CLEAN_SESSION = 0x02
ACK_BYTES = 4  # a CONNACK and a PUBACK; the broker sends this publisher nothing else
WINDOW = 1_000  # messages under way; more would only wait in the broker's socket
BURST = 100  # messages per write
STEP_S = 0.05  # the longest pause: SIGTERM is seen after it


class Publisher:
    """One connection. Reading n is of sensor n modulo `sensors`.

    Args:
        host: the broker.
        port: its port.
        sensors: how many report; 1 to 99.
    """

    def __init__(self, host: str, port: int, sensors: int) -> None:
        self._ids = [f"S{place:02d}" for place in range(sensors)]
        self._link = socket.create_connection((host, port))
        self._link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._link.sendall(_packet(CONNECT, b"\x00\x04MQTT\x04" + bytes([CLEAN_SESSION]) + b"\x00\x00\x00\x05bench"))
        answer = self._link.recv(ACK_BYTES)
        if answer != bytes([CONNACK, 2, 0, 0]):
            raise ConnectionRefusedError(f"the broker at {host}:{port} answers {answer.hex()} to the connection")
        self._ack_bytes = 0
        self.sent_at_ns = array("q")  # by number
        self.stopping = False

    @property
    def sent(self) -> int:
        """How many left."""
        return len(self.sent_at_ns)

    def run(self, count: int, rate: float) -> None:
        """Publish until all `count` are acknowledged, `rate` each second; 0: as fast as they are acknowledged."""
        start_s = time.monotonic()
        while self._under_way or (self.sent < count and not self.stopping):
            elapsed_s = time.monotonic() - start_s
            due = count if rate == 0 else min(count, int(elapsed_s * rate) + 1)
            burst = min(due - self.sent, WINDOW - self._under_way, BURST)
            pause_s = STEP_S
            if burst > 0 and not self.stopping:
                self._publish(burst)
                pause_s = 0.0
            elif rate > 0 and self._under_way < WINDOW:
                pause_s = min(max(self.sent / rate - elapsed_s, 0.0), STEP_S)
            if select.select([self._link], [], [], pause_s)[0]:
                self._read_acknowledgements()

    @property
    def _under_way(self) -> int:
        return self.sent - self._ack_bytes // ACK_BYTES

    def _publish(self, burst: int) -> None:
        at_ns = time.time_ns()
        packets = []
        for number in range(self.sent, self.sent + burst):
            sensor_id = self._ids[number % len(self._ids)]
            topic = f"suhu/{sensor_id}".encode()
            packet_id = number % 0xFFFF + 1
            head = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big")
            packets.append(_packet(PUBLISH_QOS_1, head + payload(sensor_id, number, at_ns)))
        self._link.sendall(b"".join(packets))
        self.sent_at_ns.extend([at_ns] * burst)

    def _read_acknowledgements(self) -> None:
        data = self._link.recv(65_536)
        if not data:
            raise ConnectionResetError("the broker has closed the connection")
        self._ack_bytes += len(data)


def _packet(first: int, rest: bytes) -> bytes:
    assert len(rest) < 128  # then one byte tells the length
    return bytes([first, len(rest)]) + rest


def main() -> int:
    """Publish, and say how many."""
    parser = argparse.ArgumentParser(prog="bench.gateway_load.publisher", description="MQTT load of known readings.")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sensors", type=int, default=50)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="messages per second; 0: as fast as it goes")
    parser.add_argument("--times", type=Path, help="where to write when each left: signed 64-bit ns, native order")
    arguments = parser.parse_args()
    try:
        publisher = Publisher(arguments.host, arguments.port, arguments.sensors)
        signal.signal(signal.SIGTERM, lambda _number, _frame: setattr(publisher, "stopping", True))
        publisher.run(arguments.count, arguments.rate)
    except OSError as error:
        print(f"publisher: {error}", file=sys.stderr)
        return 1
    if arguments.times:
        arguments.times.write_bytes(publisher.sent_at_ns.tobytes())
    print(f"published {publisher.sent}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
