import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from firmware_sim.curves import Curve, celsius_series
from firmware_sim.encoders import encode
from firmware_sim.scenario import Device

LINE_END = "\r\n"  # as Arduino's println ends a line


@dataclass(frozen=True, slots=True)
class Emission:
    """One reading a device is to send."""

    device: str
    seq: int  # counts the device's readings from 1, over all of its sensors, without a hole
    sensor_id: str
    celsius: float  # exactly what the text says
    text: str  # without line end
    due_s: float  # virtual time since the device's first reading

    @property
    def line(self) -> bytes:
        """The text as it goes over a wire."""
        return f"{self.text}{LINE_END}".encode()


def emissions(device: Device, seed: int) -> Iterator[Emission]:
    """All that a device will ever say, in order: pure, so a test can name what must come out.

    Sensors take turns, evenly spread over the interval. Endless unless the device has a count.
    """
    interval_s = 1.0 / device.rate
    series = [
        celsius_series(
            _curve(device, sensor_id), seed=seed, device=device.name, sensor_id=sensor_id, interval_s=interval_s
        )
        for sensor_id in device.sensors
    ]
    seqs = itertools.count(1) if device.count is None else range(1, device.count + 1)
    for seq in seqs:
        turn, position = divmod(seq - 1, len(device.sensors))
        sensor_id = device.sensors[position]
        printed = encode(device.format, sensor_id, next(series[position]), device.resolution_celsius)
        due_s = (turn + position / len(device.sensors)) * interval_s
        yield Emission(device.name, seq, sensor_id, printed.celsius, printed.text, due_s)


def banner(device: Device) -> bytes:
    """What a board prints once it has booted; readers throw it away with whatever stood before it."""
    return f"# suhu-firmware {device.name} ready{LINE_END}".encode()


def _curve(device: Device, sensor_id: str) -> Curve:
    return Curve.OVERHEAT if sensor_id in device.overheats else device.curve
