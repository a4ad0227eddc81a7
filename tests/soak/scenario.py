"""What the simulated firmware of the soak does, as a scenario file. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

FORMATS = ("id-value", "labelled", "json", "id-value")  # which name the sensor
UNPLUGGED_EVERY_S = (240.0, 900.0)
DISTINCT = 18_000  # readings of a sensor on the curve `hot`, which repeats itself after 20,000


@dataclass(frozen=True, slots=True)
class Terminal:
    """A device on a pseudo-terminal."""

    link: Path
    sensors: tuple[str, ...]
    format: str


def terminals(folder: Path, sensors: Sequence[str], ports: int) -> list[Terminal]:
    """Deal the sensors out to so many ports."""
    return [
        Terminal(
            folder / f"usb-Suhu_{number}-if00-port0", tuple(sensors[number::ports]), FORMATS[number % len(FORMATS)]
        )
        for number in range(ports)
    ]


def serial_scenario(devices: Sequence[Terminal], rate: float, duration_s: float, chance: Random) -> str:
    """Devices that are unplugged now and then, the first of them on a noisy line."""
    parts = [f"seed = {chance.randrange(1 << 30)}\n"]
    for number, device in enumerate(devices):
        parts.append(
            f'[[device]]\ntransport = "pty"\nname = "port-{number}"\nlink = "{device.link}"\n'
            f'format = "{device.format}"\nsensors = {json.dumps(device.sensors)}\ncurve = "hot"\nrate = {rate}\n'
        )
        at_s = chance.uniform(*UNPLUGGED_EVERY_S) / 4
        while at_s < duration_s:
            parts.append(f'[[device.fault]]\nkind = "unplug"\nat_s = {at_s:.1f}\nfor_s = {chance.uniform(1, 15):.1f}\n')
            at_s += chance.uniform(*UNPLUGGED_EVERY_S)
        if number == 0:
            parts.append('[[device.fault]]\nkind = "noise"\nprobability = 0.05\n')
    return "\n".join(parts)


def mqtt_scenario(port: int, prefix: str, sensors: Sequence[str], rate: float, chance: Random) -> str:
    """Two sensors a device, with JSON on topics of ours."""
    parts = [f"seed = {chance.randrange(1 << 30)}\n"]
    parts += [
        f'[[device]]\ntransport = "mqtt"\nname = "{prefix}-{number}"\nhost = "127.0.0.1"\nport = {port}\n'
        'format = "json"\n'
        f'sensors = {json.dumps(sensors[number : number + 2])}\ntopic = "{prefix}/{{sensor_id}}"\n'
        f'curve = "hot"\nrate = {rate}\n'
        for number in range(0, len(sensors), 2)
    ]
    return "\n".join(parts)
