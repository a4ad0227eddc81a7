"""What simulated devices say against what the gateway makes of it: every family, undisturbed and disturbed.

The truth comes from the simulator, which shares no code with the decoders. No clock and no I/O: bytes in, readings out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from firmware_sim.commands import TextCommands
from firmware_sim.device import Device as SimulatedDevice
from firmware_sim.device import MqttDevice, TcpDevice
from firmware_sim.disturbance import Disturbance
from firmware_sim.faults import KINDS, Wire
from firmware_sim.frame import Frame, Reading
from firmware_sim.modbus_rtu import ModbusBus
from firmware_sim.personality import personalities
from firmware_sim.script import script
from firmware_sim.sparkplug import EdgeNode
from firmware_sim.speech import Speech
from gateway.decode import Device, PortDecoder, TopicDecoder
from gateway.decode.found import Found

FRAMES = 400
TOLERANCE_CELSIUS = 0.03  # what one decimal in °F loses
HELD_BACK = 3  # frames a decoder may wait before it gives a reading away
SEEDS = (1, 2, 7, 12)  # in these, lines and sentences met that gave false readings once
SHARE = 0.04  # of the frames for each kind of fault


def registers(unit: int, function: int, start: int, count: int, *fields: dict[str, Any]) -> dict[str, Any]:
    place = {"unit_id": unit, "function": function, "start": start, "count": count}
    return {"decoder": "modbus_rtu", **place, "fields": list(fields)}


# What a user has to say of a device; all other families must be understood without.
HINTS: dict[str, dict[str, Any]] = {
    "number": {"sensor_id": "S1"},
    "dallas": {"device": "ds18b20"},
    "dallas-multiple": {"device": "ds18b20"},
    "temper": {"terminator": "<"},
    "adam": {"decoder": "dcon", "unit": "C"},
    "modbus-xy-md02": registers(1, 4, 1, 1, {"id": "S1", "reg": 1, "type": "int16", "scale": 0.1}),
    "modbus-r4dcb08": registers(
        1,
        3,
        0,
        2,
        {"id": "ch1", "reg": 0, "type": "int16", "scale": 0.1, "invalid": [-32768]},
        {"id": "ch2", "reg": 1, "type": "int16", "scale": 0.1, "invalid": [-32768]},
    ),
    "modbus-qfa": registers(1, 3, 0, 2, {"id": "S1", "reg": 0, "type": "int16", "scale": 0.01, "status_reg": 1}),
    "modbus-float-swapped": registers(1, 4, 0, 2, {"id": "S1", "reg": 0, "type": "float32", "word_order": "little"}),
}
REQUESTS = {
    "adam": b"#01\r",
    "marlin-m105": b"M105\n",
    "modbus-xy-md02": bytes.fromhex("010400010001600a"),
    "modbus-r4dcb08": bytes.fromhex("010300000002c40b"),
    "modbus-qfa": bytes.fromhex("010300000002c40b"),
    "modbus-float-swapped": bytes.fromhex("01040000000271cb"),
}
# The end of a stream, or a client that listens at another speed, is nothing that one stream can show.
OUTAGES = {"unplug", "disconnect"}
BEYOND = {"drift"}  # with a speed of its own: one degree a second leaves every profile


def simulated(family: str, *kinds: str) -> SimulatedDevice:
    wires = personalities()[family].wires
    faults: list[dict[str, Any]] = [{"kind": kind, "probability": SHARE} for kind in kinds if kind not in BEYOND]
    faults += [{"kind": "drift", "celsius_per_s": 0.02}] if "drift" in kinds else []
    keys: dict[str, Any] = {"name": "press-1", "format": family, "curve": "overheat", "fault": faults}
    if Wire.MQTT in wires and Wire.LINE not in wires:
        return MqttDevice.model_validate({"transport": "mqtt", **keys})
    return TcpDevice.model_validate({"transport": "tcp", **keys})


def possible_faults(family: str) -> list[str]:
    possible = []
    for kind in KINDS.keys() - OUTAGES:
        try:
            simulated(family, kind)
        except ValueError:
            continue
        possible.append(kind)
    return sorted(possible)


def sent(device: SimulatedDevice, seed: int = 1) -> Iterator[Frame]:
    """All a device sends, births first."""
    if Wire.POLL in device.family.wires:
        yield from answered(device, seed)
        return
    voice = EdgeNode(device, 0.0) if device.family.protocol == "sparkplug" else Speech(device, 0.0)
    if isinstance(device, MqttDevice):
        yield from voice.births()
    yield from (item for item in islice(script(device, seed=seed), FRAMES) if isinstance(item, Frame))


def answered(device: SimulatedDevice, seed: int) -> Iterator[Frame]:
    by_bytes = device.family.protocol == "modbus"
    answerer = ModbusBus(device, seed=seed) if by_bytes else TextCommands(device, seed=seed, epoch_s=0.0)
    disturbance = Disturbance(device, seed=seed)
    for _ in range(FRAMES):
        for frame in answerer.answers(REQUESTS[device.format]):
            yield from (item for item in disturbance.of(frame) if isinstance(item, Frame))


def decoded(device: SimulatedDevice, frames: Iterable[Frame]) -> Iterator[tuple[Frame, list[Found]]]:
    """Each frame, its pieces put together, and what came out when it had been fed."""
    described = Device.model_validate(HINTS.get(device.format, {}))
    port, topics = PortDecoder(described, "press-1"), TopicDecoder(described)
    port.reset(partial=False)
    whole: tuple[Frame, list[Found]] | None = None
    for frame in frames:
        if frame.request and not frame.continues:
            port.reset(partial=False)  # who asks has forgotten what came before
        answer = topics.decode(frame.topic, frame.data) if frame.topic else port.feed(frame.data)
        if whole is not None and frame.continues:
            begun, found = whole
            whole = replace(frame, data=begun.data + frame.data), found + answer.found
            continue
        if whole is not None:
            yield whole
        whole = frame, answer.found
    if whole is not None:
        yield whole
    yield Frame(device.name, 0.0, b""), port.end().found


def verdict(outcomes: Iterable[tuple[Frame, list[Found]]], *, by_name: bool) -> tuple[list[str], list[str]]:
    """Readings that are false, and readings that must have come out and did not; what is doubted is neither."""
    false: list[str] = []
    missing: list[str] = []
    due: list[tuple[int, Frame, Reading]] = []
    recent: list[Frame] = []
    for number, (frame, found) in enumerate(outcomes):
        recent = [*recent[-HELD_BACK:], frame]
        due += [(number, frame, reading) for reading in frame.readings]
        true = [reading for one in recent for reading in (*one.readings, *one.allowed)]
        for one_found in found:
            reading = Reading(one_found.sensor_id, one_found.celsius)
            if not one_found.suspect and not any(same(reading, other, by_name=by_name) for other in true):
                false.append(f"{reading} from {frame.data!r} {frame.faults}")
            due = without_first(due, reading, by_name=by_name)
        missing += [f"{reading} of {late.data!r} {late.faults}" for at, late, reading in due if at < number - HELD_BACK]
        due = [entry for entry in due if entry[0] >= number - HELD_BACK]
    return false, missing + [f"{reading} of {late.data!r} {late.faults}" for _, late, reading in due]


def without_first(
    due: list[tuple[int, Frame, Reading]], reading: Reading, *, by_name: bool
) -> list[tuple[int, Frame, Reading]]:
    for position, (_, _, expected) in enumerate(due):
        if same(reading, expected, by_name=by_name):
            return due[:position] + due[position + 1 :]
    return due


def same(one: Reading, other: Reading, *, by_name: bool) -> bool:
    if abs(one.celsius - other.celsius) > TOLERANCE_CELSIUS:
        return False
    first, second = (re.sub(r"[\W_]", "", reading.sensor_id).lower() for reading in (one, other))
    return not by_name or first in second or second in first


@pytest.mark.parametrize("family", personalities())
def test_everything_an_undisturbed_device_says_comes_out(family: str) -> None:
    device = simulated(family)
    false, missing = verdict(decoded(device, sent(device)), by_name=device.names_sensor)
    assert (false[:3], missing[:3]) == ([], [])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", personalities())
def test_nothing_false_comes_out_of_a_disturbed_device_and_nothing_whole_is_lost(family: str, seed: int) -> None:
    kinds = possible_faults(family)
    assert len(kinds) > 3
    device = simulated(family, *kinds)
    false, missing = verdict(decoded(device, sent(device, seed)), by_name=device.names_sensor)
    assert (false[:3], missing[:3]) == ([], [])


def test_a_decoder_that_lies_or_sleeps_is_found_out() -> None:
    """The negative control: the verdict must see one false reading and one that is missing."""
    device = simulated("id-value")
    honest = list(decoded(device, sent(device)))
    frame, (reading,) = honest[7]
    lying = [*honest[:7], (frame, [replace(reading, celsius=reading.celsius + 20.0)]), *honest[8:]]
    false, missing = verdict(lying, by_name=True)
    assert (len(false), len(missing)) == (1, 1)
    foreign = [*honest[:7], (frame, [replace(reading, sensor_id="S9")]), *honest[8:]]
    assert [len(words) for words in verdict(foreign, by_name=True)] == [1, 1]
    asleep = [*honest[:7], (frame, []), *honest[8:]]
    assert [len(words) for words in verdict(asleep, by_name=True)] == [0, 1]
