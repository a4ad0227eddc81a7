"""Serial devices that print lines."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

from gateway.framing import LineFramer
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.interpret import interpret
from gateway.sources.serial_port import open_port


class SerialSource:
    """Reads lines from one port; each chunk of lines that arrived together is one delivery.

    A serial device cannot send again, so there is nothing to acknowledge.

    Args:
        port: device path or pyserial URL.
        baudrate: bits per second.
        sensor_id: whose temperature a line is that names no sensor; None: such a line is only
            accepted when it names its quantity, and then carries the port's name.
    """

    def __init__(
        self,
        port: str,
        baudrate: int,
        sensor_id: str | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._port = port
        self._baudrate = baudrate
        self._sensor_id = sensor_id
        self._now = now
        self._framer = LineFramer()

    @property
    def name(self) -> str:
        """See Source."""
        return f"serial {self._port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        self._framer.reset()
        async with open_port(self._port, self._baudrate) as chunks:
            yield self._deliveries(chunks)

    async def _deliveries(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Delivery]:
        default_id = PurePosixPath(self._port).name
        async for chunk in chunks:
            arrived_at = self._now()
            overlong_before = self._framer.overlong_total
            readings: list[Reading] = []
            rejected: list[Rejected] = []
            for line in self._framer.feed(chunk):
                good, bad = interpret(
                    line, name=default_id, configured_id=self._sensor_id, source="serial", arrived_at=arrived_at
                )
                readings += good
                rejected += bad
            overlong = self._framer.overlong_total - overlong_before
            rejected += [Rejected("overlong", f"a line of more than {self._framer.max_bytes} bytes", b"")] * overlong
            if readings or rejected:
                yield Delivery(tuple(readings), tuple(rejected))
