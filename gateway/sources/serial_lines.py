"""Serial devices that print, or answer another master on their bus."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import PurePosixPath

import structlog

from gateway.decode import PortDecoder
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.port_names import better_name
from gateway.sources.serial_options import SerialOptions
from gateway.sources.serial_port import open_port
from gateway.sources.serial_watch import Legibility, Silence

log = structlog.get_logger()

BINARY_DECODERS = frozenset({"modbus_rtu"})  # of which no byte need be readable


class SerialSource:
    """Listens to one port; what arrived together is one delivery.

    A serial device cannot send again, so there is nothing to acknowledge.

    Args:
        options: the port and the format; a temperature that names no sensor carries its `sensor_id`, else the
            port's name.
        now: the time of arrival.
        monotonic: for settling and silence.
    """

    def __init__(
        self,
        options: SerialOptions,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._now = now
        self._monotonic = monotonic
        self._decoder = PortDecoder(options, PurePosixPath(options.port).name)
        self._silence = Silence(options.stale_s)
        self._advised = False
        self._told_noise = False  # once, however often the port is opened again

    @property
    def name(self) -> str:
        """See Source."""
        return f"serial {self._options.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source. Says what it notices of a device that does not behave: each thing once."""
        self._decoder.reset()
        async with open_port(self._options) as chunks:
            self._advise()
            self._silence.opened(self._monotonic())
            watch = _Watch(self._silence, self._monotonic, self._tell_silence)
            try:
                yield self._deliveries(self._settled(chunks))
            finally:
                watch.stop()

    async def _settled(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """What comes when the device has booted: opening the port resets many boards, and they greet."""
        settled_s = self._monotonic() + self._options.settle_s
        async for chunk in chunks:
            if self._monotonic() >= settled_s:
                yield chunk

    async def _deliveries(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Delivery]:
        legibility = Legibility()
        legibility.judged = self._options.decoder in BINARY_DECODERS
        async for chunk in chunks:
            arrived_at = self._now()
            decoded = self._decoder.feed(chunk)
            if decoded.found:
                legibility.judged = True
                if self._silence.is_over(self._monotonic()):
                    log.info("source_speaks_again", source=self.name)
            elif not legibility.judged and legibility.is_noise(chunk, self._monotonic()):
                self._tell_noise()
            if decoded.found or decoded.refused:
                yield Delivery(
                    tuple(
                        Reading(one.sensor_id, one.celsius, one.measured_at or arrived_at, "serial")
                        for one in decoded.found
                    ),
                    tuple(Rejected(one.reason, one.detail, one.raw) for one in decoded.refused),
                )

    def _advise(self) -> None:
        if self._advised:
            return
        self._advised = True
        if (better := better_name(self._options.port)) is not None:
            log.warning(
                "port_name_may_change",
                port=self._options.port,
                remedy=f'port = "{better}" is the same device, also after a replug or a reboot',
            )

    def _tell_noise(self) -> None:
        if not self._told_noise:
            self._told_noise = True
            log.warning(
                "baudrate_looks_wrong",
                source=self.name,
                baudrate=self._options.baudrate,
                remedy="what arrives is not text: set baudrate (and parity) to what the device speaks; "
                f"`gateway read --port {self._options.port} --baudrate 115200` tries another",
            )

    def _tell_silence(self) -> None:
        log.warning(
            "source_silent",
            source=self.name,
            without_reading_s=self._options.stale_s,
            remedy="the port is open, but no reading comes: check the device's power and wiring, and the baudrate",
        )


class _Watch:
    """Looks at a silence when it would have lasted too long; costs nothing while readings come."""

    def __init__(self, silence: Silence, monotonic: Callable[[], float], tell: Callable[[], None]) -> None:
        self._silence = silence
        self._monotonic = monotonic
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        if silence.stale_s > 0:
            self._look()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        now_s = self._monotonic()
        if self._silence.has_begun(now_s):
            self._tell()
        pause_s = self._silence.stale_s if self._silence.stale else self._silence.due_s - now_s
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._look)
