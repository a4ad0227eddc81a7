import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from firmware_sim.curves import Curve, celsius_series
from firmware_sim.device import Device
from firmware_sim.faults import KINDS, Trigger
from firmware_sim.frame import Reading
from firmware_sim.rendering import Shown


@dataclass(frozen=True, slots=True)
class Sample:
    """What one sensor shows at one instant."""

    sensor_id: str
    shown: Shown
    genuine: bool = True  # a temperature, and not what stands in its place
    error: str | None = None  # printed in place of the frame or item
    faults: tuple[str, ...] = ()

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What must come out of it."""
        return (Reading(self.sensor_id, self.shown.number),) if self.genuine else ()


class Probe:
    """One sensor: its curve, its resolution, and what goes wrong with its value. Pure; same seed, same samples."""

    def __init__(self, device: Device, sensor_id: str, seed: int) -> None:
        self._family = device.family
        self._sensor_id = sensor_id
        self._resolution_celsius = device.resolution_celsius
        own_decimals = decimals_of(device.resolution_celsius)
        self._decimals = own_decimals if self._family.decimals is None else self._family.decimals
        curve = Curve.OVERHEAT if sensor_id in device.overheats else device.curve
        self._series = celsius_series(
            curve, seed=seed, device=device.name, sensor_id=sensor_id, interval_s=1.0 / device.rate
        )
        self._triggers = triggers(device, seed, f"{sensor_id}/", of_value=True)
        self._last: float | None = None

    def read(self, due_s: float) -> Sample:
        """The next sample; to be called once for each interval of virtual time."""
        celsius = next(self._series)
        faults: list[str] = []
        sample: Sample | None = None
        for trigger in self._triggers:
            if not trigger.fires(due_s, frozenset({self._sensor_id})):
                continue
            faults.append(trigger.fault.kind)
            match trigger.fault.kind:
                case "drift":
                    celsius += trigger.fault.celsius_per_s * (due_s - trigger.fault.from_s)
                case "stuck":
                    celsius = celsius if self._last is None else self._last
                case "sentinel":
                    sample = self._sentinel(trigger.fault.which, trigger.rng, tuple(faults))
        self._last = celsius
        return sample or Sample(self._sensor_id, self._stepped(celsius), faults=tuple(faults))

    def _stepped(self, celsius: float) -> Shown:
        lowest, highest = self._family.range or (-273.15, 2500.0)
        celsius = min(max(celsius, lowest), highest)
        stepped = round(celsius / self._resolution_celsius) * self._resolution_celsius
        return Shown(float(f"{stepped:.{self._decimals}f}"), self._decimals)

    def _sentinel(self, which: str | None, rng: random.Random, faults: tuple[str, ...]) -> Sample:
        name = which or rng.choice([*self._family.sentinels, *self._family.errors])
        if name in self._family.errors:
            return Sample(self._sensor_id, Shown(0.0, self._decimals), False, self._family.errors[name], faults)
        value = self._family.sentinels[name]
        shown = Shown(0.0, self._decimals, value) if isinstance(value, str) else Shown(value, self._decimals)
        return Sample(self._sensor_id, shown, False, None, faults)


def triggers(device: Device, seed: int, stream: str, *, of_value: bool) -> list[Trigger]:
    """The device's faults of one sort, each with a source of randomness of its own."""
    return [
        Trigger(fault, random.Random(f"{seed}:{device.name}:{stream}fault {index} {fault.kind}"))  # noqa: S311 - repeatable
        for index, fault in enumerate(device.fault)
        if KINDS[fault.kind].of_value is of_value
    ]


def probes(device: Device, seed: int) -> Iterator[Probe]:
    """One for each sensor of the device, in its order."""
    return (Probe(device, sensor_id, seed) for sensor_id in device.sensors)


def decimals_of(resolution_celsius: float) -> int:
    """How many a resolution needs: 4 for 0.0625."""
    exponent = Decimal(str(resolution_celsius)).normalize().as_tuple().exponent
    return max(0, -int(exponent))
