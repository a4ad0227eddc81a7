import asyncio
import time
from collections.abc import Iterable

from firmware_sim.device import OnClose
from firmware_sim.frame import Frame, Outage
from firmware_sim.outlet import Outlet
from firmware_sim.truth import TruthLog
from firmware_sim.wire import Wire


class Playback:
    """Moves one device's script through real time and out of its outlet.

    Real time only decides when a frame is written, never what it says. A frame is taken from the script once, and
    stays the next one until the outlet has taken it or it is lost.
    """

    def __init__(self, script: Iterable[Frame | Outage], outlet: Outlet, truth: TruthLog, on_close: OnClose) -> None:
        self._script = script
        self._outlet = outlet
        self._truth = truth
        self._on_close = on_close
        self._wire = Wire()
        self._started_s: float | None = None  # event loop time of virtual time 0; None while there is no power

    async def run(self) -> None:
        """Return when the script is over."""
        async with asyncio.TaskGroup() as outages:
            for item in self._script:
                if isinstance(item, Outage):
                    await self._go_away(item, outages)
                    continue
                while not await self._carried(item):
                    self._started_s = None

    async def _go_away(self, outage: Outage, outages: asyncio.TaskGroup) -> None:
        """Without power virtual time stands still; a device that runs on goes on talking to nobody."""
        if self._started_s is None:
            await self._powered(outage.due_s)
        if self._started_s is not None:
            await asyncio.sleep(self._started_s + outage.due_s - asyncio.get_running_loop().time())
        self._truth.note_outage(outage, time.time_ns())
        away = outages.create_task(self._outlet.interrupt(outage.duration_s), name=f"outage {outage.device}")
        if self._on_close is OnClose.PAUSE:
            await away
            self._started_s = None
        else:
            await asyncio.sleep(0)  # it is gone before the next frame

    async def _carried(self, frame: Frame) -> bool:
        """Write one frame when its time has come; False when the device lost its power before."""
        started_s = self._started_s
        if started_s is None:
            if frame.continues:  # of a former life: nobody has its beginning any more
                self._truth.note_dropped(frame, time.time_ns())
                return True
            started_s = await self._powered(frame.due_s)
        sent_s = self._wire.carry(started_s + frame.due_s, len(frame.data), self._outlet.baud)
        if sent_s is None:
            self._truth.note_dropped(frame, time.time_ns())
            return True
        if self._on_close is OnClose.RUN:
            await asyncio.sleep(sent_s - asyncio.get_running_loop().time())
        elif await self._outlet.presence.ends_before(sent_s):
            return False
        if self._outlet.write(frame):
            return True
        if self._on_close is OnClose.RUN:
            self._truth.note_dropped(frame, time.time_ns())
            return True
        return False

    async def _powered(self, due_s: float) -> float:
        await self._outlet.presence.begins()
        self._wire = Wire()
        self._started_s = asyncio.get_running_loop().time() - due_s
        return self._started_s
