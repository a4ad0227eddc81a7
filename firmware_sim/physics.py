import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Warmth:
    """How warm a machine is, and what its sensor shows of it so far."""

    body_celsius: float
    sensor_celsius: float


@dataclass(frozen=True, slots=True)
class Load:
    """Constant power for a while."""

    power_w: float
    duration_s: float


@dataclass(frozen=True, slots=True)
class Machine:
    """A body heated by its load and cooled by the air, and a sensor that lags behind it.

    Body T: dT/dt = (power * kelvin_per_watt - (T - ambient)) / time_constant. Sensor S: dS/dt = (T - S) / sensor_lag.
    """

    ambient_celsius: float = 28.0
    kelvin_per_watt: float = 0.05
    time_constant_s: float = 10.0  # a fast machine: an episode fits into a demonstration
    sensor_lag_s: float = 1.0  # must differ from time_constant_s

    def settled_celsius(self, power_w: float) -> float:
        """Where the body ends when this power stays on for ever."""
        return self.ambient_celsius + power_w * self.kelvin_per_watt

    def after(self, warmth: Warmth, load: Load) -> Warmth:
        """The exact solution of both equations, so a curve does not depend on how often it is looked at."""
        settled = self.settled_celsius(load.power_w)
        body_decay = math.exp(-load.duration_s / self.time_constant_s)
        sensor_decay = math.exp(-load.duration_s / self.sensor_lag_s)
        above = warmth.body_celsius - settled
        followed = above * self.time_constant_s / (self.time_constant_s - self.sensor_lag_s)
        behind = warmth.sensor_celsius - settled - followed
        return Warmth(
            body_celsius=settled + above * body_decay,
            sensor_celsius=settled + followed * body_decay + behind * sensor_decay,
        )


def sampled(machine: Machine, warmth: Warmth, loads: Iterator[Load], interval_s: float) -> Iterator[float]:
    """What the sensor shows at 0, interval_s, 2 * interval_s, ... of virtual time; `loads` must be endless."""
    load = next(loads)
    while True:
        yield warmth.sensor_celsius
        left_s = interval_s
        while left_s >= load.duration_s:
            warmth = machine.after(warmth, load)
            left_s -= load.duration_s
            load = next(loads)
        warmth = machine.after(warmth, Load(load.power_w, left_s))
        load = Load(load.power_w, load.duration_s - left_s)
