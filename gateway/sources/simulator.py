"""The built-in simulator: machines that heat up, cool down and, one of them, overheat now and then."""

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.model import Delivery, Reading


@dataclass(slots=True)
class Machine:
    """A first-order thermal model: heated while it runs, cooled by the room.

    dT/dt = (T_running - T) / tau while it runs, (T_ambient - T) / tau while it rests (Newton's law of
    cooling), solved exactly per step, so that the step's length does not matter.
    """

    running_celsius: float  # where it would settle if it always ran
    ambient_celsius: float = 30.0
    tau_s: float = 20.0
    run_s: float = 30.0
    rest_s: float = 20.0
    noise_celsius: float = 0.1
    celsius: float = 60.0
    age_s: float = 0.0
    rng: random.Random = field(default_factory=random.Random)

    def step(self, seconds: float) -> float:
        """The measured temperature `seconds` later, in °C with two decimals."""
        running = self.age_s % (self.run_s + self.rest_s) < self.run_s
        goal = self.running_celsius if running else self.ambient_celsius
        self.celsius = goal + (self.celsius - goal) * math.exp(-seconds / self.tau_s)
        self.age_s += seconds
        return round(self.celsius + self.rng.gauss(0, self.noise_celsius), 2)


def machines(sensor_ids: Sequence[str], seed: int) -> dict[str, Machine]:
    """One machine per id; the last one overheats: above 80 °C after some 10 s, below again, over and over."""
    made = {}
    for place, sensor_id in enumerate(sensor_ids):
        rng = random.Random(f"{seed}:{sensor_id}")  # noqa: S311 - a repeatable curve, not a secret
        if place == len(sensor_ids) - 1:
            made[sensor_id] = Machine(105.0, celsius=62.0, rng=rng)
        else:
            made[sensor_id] = Machine(rng.uniform(60, 72), celsius=rng.uniform(45, 55), tau_s=60.0, rng=rng)
    return made


class SimulatorSource:
    """One reading of each machine per interval, all in one delivery.

    Args:
        sensor_ids: one machine each.
        seed: the same seed gives the same temperatures.
        interval_s: the time between two readings of a machine.
    """

    def __init__(
        self,
        sensor_ids: Sequence[str],
        seed: int,
        interval_s: float,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._machines = machines(sensor_ids, seed)
        self._interval_s = interval_s
        self._now = now

    @property
    def name(self) -> str:
        """See Source."""
        return "simulator " + ", ".join(self._machines)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        yield self._deliveries()

    async def _deliveries(self) -> AsyncIterator[Delivery]:
        next_s = time.monotonic()
        while True:
            measured_at = self._now()
            yield Delivery(
                tuple(
                    Reading(sensor_id, machine.step(self._interval_s), measured_at, "simulator")
                    for sensor_id, machine in self._machines.items()
                )
            )
            # An absolute schedule: a late wake-up does not shift the later ones; a long stop is not made up for.
            next_s = max(next_s + self._interval_s, time.monotonic() - self._interval_s)
            await asyncio.sleep(next_s - time.monotonic())
