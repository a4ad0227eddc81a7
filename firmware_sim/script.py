import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from firmware_sim.device import Device
from firmware_sim.disturbance import Disturbance
from firmware_sim.frame import Frame, Outage
from firmware_sim.probe import Probe, Sample, probes
from firmware_sim.sparkplug import EdgeNode
from firmware_sim.speech import Speech

DEFAULT_EPOCH_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z: device clocks repeat themselves, too


def script(device: Device, seed: int, epoch_s: float = DEFAULT_EPOCH_S) -> Iterator[Frame | Outage]:
    """All that a device will ever send by itself, in order: pure, so a test can name what must come out.

    Endless unless the device has a count; that counts the readings that were measured, whatever befalls them.
    """
    disturbance = Disturbance(device, seed)
    seqs = itertools.count(1)
    for frame in undisturbed(device, seed, epoch_s):
        for outcome in disturbance.of(frame):
            yield outcome if isinstance(outcome, Outage) else replace(outcome, seq=next(seqs))
    for held in disturbance.rest():
        yield replace(held, seq=next(seqs))


def undisturbed(device: Device, seed: int, epoch_s: float) -> Iterator[Frame]:
    """The frames before anything happens to them on their way.

    Sensors with frames of their own take turns, evenly spread over the interval.
    """
    voice = EdgeNode(device, epoch_s) if device.family.protocol == "sparkplug" else Speech(device, epoch_s)
    together = bool(device.family.item) or device.family.protocol == "sparkplug"
    all_probes = list(probes(device, seed))
    for turn in itertools.count():
        if device.count is not None and turn * len(all_probes) >= device.count:
            return
        for position, samples in _turn(device, all_probes, turn, together=together):
            if device.count is not None and turn * len(all_probes) + position >= device.count:
                return
            frame = voice.frame(samples, _due_s(device, turn, position))
            yield frame
            yield from voice.beside(frame, samples)


def _turn(
    device: Device, all_probes: Sequence[Probe], turn: int, *, together: bool
) -> Iterator[tuple[int, list[Sample]]]:
    if together:
        yield 0, [probe.read(_due_s(device, turn, 0)) for probe in all_probes]
    else:
        for position, probe in enumerate(all_probes):
            yield position, [probe.read(_due_s(device, turn, position))]


def _due_s(device: Device, turn: int, position: int) -> float:
    return (turn + position / len(device.sensors)) / device.rate
