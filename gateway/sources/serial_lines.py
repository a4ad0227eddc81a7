"""Serial devices that print, or answer another master on their bus."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

from gateway.decode import Device, PortDecoder
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.serial_port import open_port


class SerialSource:
    """Listens to one port; what arrived together is one delivery.

    A serial device cannot send again, so there is nothing to acknowledge.

    Args:
        port: device path or pyserial URL.
        baudrate: bits per second.
        device: the format; a temperature that names no sensor carries its `sensor_id`, else the port's name.
    """

    def __init__(
        self,
        port: str,
        baudrate: int,
        device: Device,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._port = port
        self._baudrate = baudrate
        self._now = now
        self._decoder = PortDecoder(device, PurePosixPath(port).name)

    @property
    def name(self) -> str:
        """See Source."""
        return f"serial {self._port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        self._decoder.reset()
        async with open_port(self._port, self._baudrate) as chunks:
            yield self._deliveries(chunks)

    async def _deliveries(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Delivery]:
        async for chunk in chunks:
            arrived_at = self._now()
            decoded = self._decoder.feed(chunk)
            if decoded.found or decoded.refused:
                yield Delivery(
                    tuple(
                        Reading(one.sensor_id, one.celsius, one.measured_at or arrived_at, "serial")
                        for one in decoded.found
                    ),
                    tuple(Rejected(one.reason, one.detail, one.raw) for one in decoded.refused),
                )
