import random
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from firmware_sim.checksums import modbus_crc
from firmware_sim.faults import OUTAGE_S, OUTAGES, Fault, Trigger, Wire
from firmware_sim.frame import Frame, Outage
from firmware_sim.personality import Personality
from firmware_sim.probe import triggers
from firmware_sim.scenario import Device, WiredDevice
from firmware_sim.uart import as_heard

NOISE = [byte for byte in range(0x80, 0xFF) if byte != 0xB0]  # 0xB0 alone is a degree sign
NEVER_UTF8 = b"\xff"  # so that no noise is by chance a letter in front of a sensor's name
DEFAULT_BAUD = 9600
EXCEPTION_BIT = 0x80
LOSE_THEIR_END = frozenset({"cut", "missing-end", "wrong-baud"})


class Disturbance:
    """What befalls a device's frames on their way. Pure; the same seed, the same damage.

    A frame that lost its end takes the next one down with it: both are one line to a reader.
    """

    def __init__(self, device: Device, seed: int) -> None:
        self._device = device
        self._family = device.family
        self._is_line = Wire.LINE in self._family.wires and isinstance(device, WiredDevice)
        self._triggers = triggers(device, seed, "", of_value=False)
        self._open_ended: str | None = None  # the fault that left a line without its end
        self._held: Frame | None = None  # waits to be glued to the next

    def of(self, frame: Frame) -> Iterable[Frame | Outage]:
        """What becomes of one frame: nothing, or some, and outages before them."""
        sensor_ids = frozenset(reading.sensor_id for reading in (*frame.readings, *frame.allowed))
        outages: list[Outage] = []
        frames = [frame]
        for trigger in self._triggers:
            if not trigger.fires(frame.due_s, sensor_ids or frozenset(self._device.sensors)):
                continue
            if trigger.fault.kind in OUTAGES:
                duration_s = trigger.fault.for_s or OUTAGE_S
                outages.append(Outage(frame.device, frame.due_s, duration_s, trigger.fault.kind))
                self._open_ended = None
            else:
                frames = [after for before in frames for after in self._struck(before, trigger)]
        return [*outages, *(after for before in frames for after in self._on_the_line(before))]

    def rest(self) -> Iterable[Frame]:
        """What was held back when nothing more comes."""
        return [self._held] if self._held else []

    def _struck(self, frame: Frame, trigger: Trigger) -> list[Frame]:
        kind, fault, rng = trigger.fault.kind, trigger.fault, trigger.rng
        match kind:
            case "silence":
                return [replace(frame.spoiled(kind, b""), allowed=())]
            case "duplicate" | "flood":
                copies = fault.times if kind == "flood" else 1
                again = replace(frame, readings=(), allowed=frame.readings).with_fault(kind)
                return [frame, *[again] * copies]
            case "torn" | "slow-trickle":
                return _in_pieces(frame, self._pieces(frame, kind, rng), fault.pause_s, kind)
            case "reboot":
                return [replace(frame, data=self._device.banner_bytes, readings=(), faults=(kind,)), frame]
            case _:
                return [self._changed(frame, fault, rng)]

    def _changed(self, frame: Frame, fault: Fault, rng: random.Random) -> Frame:
        kind = fault.kind
        match kind:
            case "noise":
                noise = bytes(rng.choice(NOISE) for _ in range(fault.size_bytes - 1)) + NEVER_UTF8
                return frame.spoiled(kind, noise + frame.data)
            case "wrong-baud":
                return frame.spoiled(kind, as_heard(frame.data, line_baud(self._device), fault.baud))
            case "exception":
                return frame.spoiled(kind, _exception(frame, fault.code))
            case "echo":
                return replace(frame, data=frame.request + frame.data).with_fault(kind)
            case "glued" | "retained":
                return replace(frame, retain=frame.retain or kind == "retained").with_fault(kind)
            case _:
                return frame.spoiled(kind, _DAMAGES[kind](self._family, frame.data, rng))

    def _pieces(self, frame: Frame, kind: str, rng: random.Random) -> list[bytes]:
        if kind == "slow-trickle":
            return [bytes([byte]) for byte in frame.data]
        where = rng.randrange(1, max(2, len(_body(self._family, frame.data))))
        return [frame.data[:where], frame.data[where:]]

    def _on_the_line(self, frame: Frame) -> list[Frame]:
        """Glue it to what was held back or has no end yet."""
        if self._open_ended is not None and frame.data:
            frame = frame.spoiled(f"after {self._open_ended}", frame.data)
            self._open_ended = None
        if self._is_line and not LOSE_THEIR_END.isdisjoint(frame.faults):
            self._open_ended = next(fault for fault in frame.faults if fault in LOSE_THEIR_END)
        if self._held is not None:
            frame = replace(
                frame,
                data=self._held.data + frame.data,
                readings=self._held.readings + frame.readings,
                allowed=self._held.allowed + frame.allowed,
                faults=tuple(dict.fromkeys(self._held.faults + frame.faults)),
            )
            self._held = None
        elif "glued" in frame.faults:
            self._held = frame
            return []
        return [frame]


def line_baud(device: Device) -> int:
    """The speed the device itself sends at."""
    pace = getattr(device, "pace", None)  # of serial devices only
    return pace if isinstance(pace, int) else DEFAULT_BAUD


def _in_pieces(frame: Frame, pieces: list[bytes], gap_s: float, kind: str) -> list[Frame]:
    """Only the last piece completes the frame."""
    parts = []
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        part = replace(
            frame,
            data=piece,
            due_s=frame.due_s + number * gap_s,
            continues=frame.continues or number > 0,
            readings=frame.readings if last else (),
            allowed=frame.allowed if last else (),
        )
        parts.append(part.with_fault(kind))
    return parts


def _body(family: Personality, data: bytes) -> bytes:
    return data.removesuffix(family.end.encode())


def _cut(family: Personality, data: bytes, rng: random.Random) -> bytes:
    """In the second half: the value was begun, and the name of the sensor is whole."""
    body = _body(family, data)
    return body[: rng.randrange((len(body) + 1) // 2, max(len(body), 2))]


def _without_end(family: Personality, data: bytes, rng: random.Random) -> bytes:
    del rng  # nothing is left to chance
    return _body(family, data)


def _bit_flipped(family: Personality, data: bytes, rng: random.Random) -> bytes:
    """Where nothing else could tell, a bit that makes the text no text; a `0` would become a degree sign."""
    body = bytearray(_body(family, data))
    if family.has_checksum:
        body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
    else:
        where = rng.choice([index for index, byte in enumerate(body) if byte < 0x80 and byte != ord("0")])
        body[where] ^= 0x80
    return bytes(body) + data[len(body) :]


def _wrong_checksum(family: Personality, data: bytes, rng: random.Random) -> bytes:
    if family.protocol == "modbus":
        return data[:-2] + (int.from_bytes(data[-2:]) ^ rng.randrange(1, 0x10000)).to_bytes(2)
    star = data.rindex(b"*") + 1
    wrong = int(data[star : star + 2], 16) ^ rng.randrange(1, 0x100)
    return data[:star] + b"%02X" % wrong + data[star + 2 :]


def _with_commas(family: Personality, data: bytes, rng: random.Random) -> bytes:
    del family, rng
    return re.sub(rb"(\d)\.(\d)", rb"\1,\2", data)


def _exception(frame: Frame, code: int) -> bytes:
    answer = bytes([frame.data[0], frame.data[1] | EXCEPTION_BIT, code])
    return answer + modbus_crc(answer)


_DAMAGES: dict[str, Callable[[Personality, bytes, random.Random], bytes]] = {
    "cut": _cut,
    "missing-end": _without_end,
    "bit-flip": _bit_flipped,
    "wrong-checksum": _wrong_checksum,
    "decimal-comma": _with_commas,
}
