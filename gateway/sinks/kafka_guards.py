"""Limits that kafka-python-ng does not set to what a broker may ask of it (docs/decisions/0061-known-flaws.md).

Its version is pinned, and a test of each guard fails when the library no longer passes by here.
"""

import logging
from typing import Any

import kafka.client_async
import kafka.protocol.parser
import kafka.sasl.scram
from kafka.conn import BrokerConnection
from kafka.errors import KafkaProtocolError
from kafka.protocol.frame import KafkaBytes
from kafka.scram import ScramClient

# What a broker announces is allocated at once. The first four bytes of a TLS alert, read as a length, are 352 MB.
MAX_FRAME_BYTES = 100_000_000  # a broker sends 52 MB at most to a consumer that asks for nothing else
MAX_LOGIN_BYTES = 65_536
# RFC 7677 asks for 4,096 at least; a million take half a second on a small machine.
MIN_ITERATIONS, MAX_ITERATIONS = 4_096, 1_000_000


class Frame(KafkaBytes):  # type: ignore[misc]  # the library has no types
    """Where one answer of a broker is put together."""

    def __init__(self, size: int) -> None:
        if not 0 <= size <= MAX_FRAME_BYTES:
            raise KafkaProtocolError(f"an answer of {size} bytes: this is no Kafka broker, or no port without TLS")
        super().__init__(size)


class Scram(ScramClient):  # type: ignore[misc]  # likewise
    """SCRAM's arithmetic; the broker says how often the password is hashed."""

    def create_salted_password(self, salt: bytes, iterations: int) -> None:
        """See ScramClient."""
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise ConnectionError(f"the broker asks for {iterations} iterations of SCRAM")
        super().create_salted_password(salt, iterations)


class Connection(BrokerConnection):  # type: ignore[misc]  # likewise
    """A connection to one broker."""

    def _recv_bytes_blocking(self, count: int) -> Any:
        if not 0 <= count <= MAX_LOGIN_BYTES:
            raise ConnectionError(f"an answer of {count} bytes to a login")
        return super()._recv_bytes_blocking(count)


def put_up() -> None:
    """Have every client of the library in this process use them; again: nothing more happens."""
    kafka.protocol.parser.KafkaBytes = Frame
    kafka.sasl.scram.ScramClient = Scram
    kafka.client_async.BrokerConnection = Connection
    # It logs to the root logger there, with a traceback for each refused login; the gateway says that once.
    kafka.sasl.scram.log = logging.getLogger("kafka.sasl.scram")
