import asyncio
import time
from collections.abc import Iterable

from firmware_sim.outlet import Outlet
from firmware_sim.scenario import OnClose
from firmware_sim.script import Emission
from firmware_sim.truth import TruthLog
from firmware_sim.wire import Wire


class Playback:
    """Moves one device's script through real time and out of its outlet.

    Real time only decides when a reading is written, never what it says. A reading is taken from the script once,
    and stays the next one until the outlet has taken it or it is lost.
    """

    def __init__(self, script: Iterable[Emission], outlet: Outlet, truth: TruthLog, on_close: OnClose) -> None:
        self._script = script
        self._outlet = outlet
        self._truth = truth
        self._on_close = on_close
        self._wire = Wire()
        self._started_s: float | None = None  # event loop time of virtual time 0; None while there is no power

    async def run(self) -> None:
        """Return when the script is over."""
        for emission in self._script:
            while not await self._carried(emission):
                self._started_s = None

    async def _carried(self, emission: Emission) -> bool:
        """Write one reading when its time has come; False when the device lost its power before."""
        started_s = self._started_s
        if started_s is None:
            started_s = await self._powered(emission)
        sent_s = self._wire.carry(started_s + emission.due_s, len(emission.line), self._outlet.baud)
        if sent_s is None:
            self._truth.note_dropped(emission, time.time_ns())
            return True
        if self._on_close is OnClose.RUN:
            await asyncio.sleep(sent_s - asyncio.get_running_loop().time())
        elif await self._outlet.presence.ends_before(sent_s):
            return False
        if self._outlet.write(emission):
            return True
        if self._on_close is OnClose.RUN:
            self._truth.note_dropped(emission, time.time_ns())
            return True
        return False

    async def _powered(self, emission: Emission) -> float:
        await self._outlet.presence.begins()
        self._wire = Wire()
        self._started_s = asyncio.get_running_loop().time() - emission.due_s
        return self._started_s
