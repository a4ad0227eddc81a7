import asyncio
from collections.abc import Awaitable, Callable

import structlog

from gateway.health.snapshot import JournalSize, Snapshot
from gateway.health_options import HealthOptions

log = structlog.get_logger()


class KeptPort:
    """The health port of the process: it stays open while one pipeline takes the place of another.

    Args:
        look: how it is now, also in the middle of such a change.
        measure: see HealthPort.
    """

    def __init__(self, look: Callable[[], Snapshot], measure: Callable[[], Awaitable[JournalSize]]) -> None:
        self._look = look
        self._measure = measure
        self._options: HealthOptions | None = None
        self._task: asyncio.Task[None] | None = None

    async def follow(self, options: HealthOptions | None) -> None:
        """Listen as a configuration says; what is as before is left alone. None: do not listen."""
        if options == self._options:
            return
        await self.close()
        self._options = options
        if options is not None:
            self._task = asyncio.create_task(self._tell(options), name="health port")

    async def close(self) -> None:
        """Stop listening; answers that are under way are given."""
        self._options = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _tell(self, options: HealthOptions) -> None:
        try:
            from gateway.health.port import HealthPort  # h11 and prometheus_client take memory: only who is asked pays

            await HealthPort(options, self._look, self._measure).run()
        except Exception as exc:  # whatever it is, readings are worth more
            log.error("health_port_failed", error=repr(exc), effect="nobody is told how the gateway is; readings go on")
