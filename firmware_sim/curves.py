import random
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import repeat

from firmware_sim.physics import Load, Machine, Warmth, sampled

MACHINE = Machine()
NOISE_CELSIUS = 0.15  # standard deviation
NOISE_LIMIT_CELSIUS = 0.45  # a reading further off would be a fault, and faults are never left to chance

IDLE_W, OVERLOAD_W, STUCK_W = 760.0, 1440.0, 2000.0  # 66, 100 and 128 °C if one of them lasted
EPISODE_S = 40.0
HOT_FLOOR_MILLICELSIUS = 81_000
HOT_DISTINCT = 20_000  # readings until a hot curve repeats itself


class Curve(StrEnum):
    """How the temperature of a machine goes."""

    STEADY = "steady"  # between 60 and 70 °C
    OVERHEAT = "overheat"  # above 80 °C within 20 s, peak 88 to 92, below 75 again; about every 40 s
    HEAT_UP = "heat-up"  # from the air's 28 °C to 66, for good
    COOLING = "cooling"  # switched off at 95 °C: below 75 within 15 s, and on to 28
    RUNAWAY = "runaway"  # the heater sticks after 10 to 20 s: above 80 °C soon, and on to 128
    HOT = "hot"  # 81 to 101 °C; 20,000 readings in a row are all different at a resolution of 0.001


Streams = Callable[[str], random.Random]  # purpose -> its own source of randomness


def celsius_series(curve: Curve, *, seed: int, device: str, sensor_id: str, interval_s: float) -> Iterator[float]:
    """Endless readings of one sensor, one each interval_s of virtual time, before they are rounded for print.

    The same arguments give the same values, on any machine and at any speed.
    """

    def stream(purpose: str) -> random.Random:
        return random.Random(f"{seed}:{device}:{sensor_id}/{purpose}")  # noqa: S311 - must repeat itself, not surprise

    match curve:
        case Curve.STEADY:
            return _thermal(_thermostat(stream("load")), stream, interval_s, _warm(stream))
        case Curve.OVERHEAT:
            return _thermal(_episodes(stream("load")), stream, interval_s, _warm(stream))
        case Curve.HEAT_UP:
            return _thermal(repeat(Load(IDLE_W, 60.0)), stream, interval_s, MACHINE.ambient_celsius)
        case Curve.COOLING:
            return _thermal(repeat(Load(0.0, 60.0)), stream, interval_s, 95.0)
        case Curve.RUNAWAY:
            return _thermal(_stuck_heater(stream("load")), stream, interval_s, _warm(stream))
        case Curve.HOT:
            return _hot(stream("start"))


def _warm(stream: Streams) -> float:
    return stream("start").uniform(64.5, 66.0)


def _thermal(loads: Iterator[Load], stream: Streams, interval_s: float, start_celsius: float) -> Iterator[float]:
    noise = stream("noise")
    for celsius in sampled(MACHINE, Warmth(start_celsius, start_celsius), loads, interval_s):
        error = noise.gauss(0.0, NOISE_CELSIUS)
        yield celsius + max(-NOISE_LIMIT_CELSIUS, min(NOISE_LIMIT_CELSIUS, error))


def _thermostat(rng: random.Random) -> Iterator[Load]:
    while True:  # 74 and 56 °C if one of them lasted
        yield Load(920.0, rng.uniform(2.5, 5.0))
        yield Load(560.0, rng.uniform(2.5, 5.0))


def _episodes(rng: random.Random) -> Iterator[Load]:
    yield Load(IDLE_W, rng.uniform(2.0, 5.0))
    while True:
        heating_s = rng.uniform(12.0, 13.6)
        yield Load(OVERLOAD_W, heating_s)
        yield Load(IDLE_W, EPISODE_S - heating_s)


def _stuck_heater(rng: random.Random) -> Iterator[Load]:
    yield Load(IDLE_W, rng.uniform(10.0, 20.0))
    yield from repeat(Load(STUCK_W, 60.0))


def _hot(rng: random.Random) -> Iterator[float]:
    """Up over the even thousandths and down over the odd ones: never a jump, never a value twice in a cycle."""
    position = rng.randrange(HOT_DISTINCT)
    while True:
        step = 2 * position
        if step >= HOT_DISTINCT:
            step = 2 * HOT_DISTINCT - 1 - step
        yield (HOT_FLOOR_MILLICELSIUS + step) / 1000
        position = (position + 1) % HOT_DISTINCT
