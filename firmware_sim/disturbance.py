import random
from collections.abc import Iterable
from dataclasses import replace

from firmware_sim.checksums import modbus_crc
from firmware_sim.damage import DAMAGES, body_of
from firmware_sim.device import Device, WiredDevice
from firmware_sim.faults import KINDS, OUTAGE_S, OUTAGES, Fault, Trigger, Wire
from firmware_sim.frame import Frame, Outage
from firmware_sim.probe import triggers
from firmware_sim.uart import as_heard

NOISE = [byte for byte in range(0x80, 0xFF) if byte != 0xB0]  # 0xB0 alone is a degree sign
NEVER_UTF8 = b"\xff"  # so that no noise is by chance a letter in front of a sensor's name
DEFAULT_BAUD = 9600
EXCEPTION_BIT = 0x80
TIMING = ["torn", "slow-trickle"]  # when bytes leave, and not which
CONTENT = [kind for kind in KINDS if kind not in TIMING]
LOSE_THEIR_END = frozenset({"cut", "missing-end", "wrong-baud"})


class Disturbance:
    """What befalls a device's frames on their way. Pure; the same seed, the same damage.

    A line that lost its end takes the next one down with it: both are one line to a reader.
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
        everyone = frozenset(self._device.sensors)
        fired = [trigger for trigger in self._triggers if trigger.fires(frame.due_s, sensor_ids or everyone)]
        outages = [self._gone(frame, trigger.fault) for trigger in fired if trigger.fault.kind in OUTAGES]
        if any(trigger.fault.kind == "silence" for trigger in fired):
            return [*outages, replace(frame.spoiled("silence", b""), allowed=())]
        frames = [frame]
        for trigger in _in_order(fired, CONTENT):
            frames = [after for before in frames for after in self._struck(before, trigger)]
        frames = [after for before in frames for after in self._on_the_line(before)]
        for trigger in _in_order(fired, TIMING):
            frames = [after for before in frames for after in self._in_pieces(before, trigger)]
        return [*outages, *frames]

    def rest(self) -> Iterable[Frame]:
        """What was held back when nothing more comes."""
        return [self._held] if self._held else []

    def _gone(self, frame: Frame, fault: Fault) -> Outage:
        self._open_ended = None  # the next client begins a new line
        return Outage(frame.device, frame.due_s, fault.for_s or OUTAGE_S, fault.kind)

    def _struck(self, frame: Frame, trigger: Trigger) -> list[Frame]:
        kind, fault = trigger.fault.kind, trigger.fault
        match kind:
            case "duplicate" | "flood":
                copies = fault.times if kind == "flood" else 1
                again = replace(frame, readings=(), allowed=(*frame.readings, *frame.allowed)).with_fault(kind)
                return [frame, *[again] * copies]
            case "reboot":
                return [replace(frame, data=self._device.banner_bytes, readings=(), faults=(kind,)), frame]
            case "unplug" | "disconnect":
                return [frame]
            case _:
                return [self._changed(frame, fault, trigger.rng)]

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
                return frame.spoiled(kind, DAMAGES[kind](self._family, frame.data, rng))

    def _on_the_line(self, frame: Frame) -> list[Frame]:
        """Glue it to what was held back, or to what has no end yet."""
        if not frame.data:  # of a device that is silent or boots: the line before still has no end
            return [frame]
        if self._open_ended is not None:
            frame = frame.spoiled(f"after {self._open_ended}", frame.data)
            self._open_ended = None
        if self._is_line:
            self._open_ended = next((fault for fault in frame.faults if fault in LOSE_THEIR_END), None)
        if self._held is None:
            if "glued" not in frame.faults:
                return [frame]
            self._held = frame
            return []
        both = replace(
            frame,
            data=self._held.data + frame.data,
            readings=self._held.readings + frame.readings,
            allowed=self._held.allowed + frame.allowed,
            faults=tuple(dict.fromkeys(self._held.faults + frame.faults)),
        )
        self._held = None
        return [both]

    def _in_pieces(self, frame: Frame, trigger: Trigger) -> list[Frame]:
        """Only the last piece completes the frame, though a line within it may be complete before."""
        if not frame.data:  # silenced before
            return [frame]
        pieces = [bytes([byte]) for byte in frame.data]
        if trigger.fault.kind == "torn":
            where = trigger.rng.randrange(1, max(2, len(body_of(self._family, frame.data))))
            pieces = [frame.data[:where], frame.data[where:]]
        parts = [
            replace(
                frame,
                data=piece,
                due_s=frame.due_s + number * trigger.fault.pause_s,
                continues=frame.continues or number > 0,
                readings=(),
                allowed=(*frame.readings, *frame.allowed),
            ).with_fault(trigger.fault.kind)
            for number, piece in enumerate(pieces)
        ]
        return [*parts[:-1], replace(parts[-1], readings=frame.readings, allowed=frame.allowed)]


def line_baud(device: Device) -> int:
    """The speed the device itself sends at."""
    pace = getattr(device, "pace", None)  # of serial devices only
    return pace if isinstance(pace, int) else DEFAULT_BAUD


def _in_order(fired: list[Trigger], kinds: list[str]) -> list[Trigger]:
    """As it would happen to bytes on their way, whatever the order in the scenario."""
    chosen = [trigger for trigger in fired if trigger.fault.kind in kinds]
    return sorted(chosen, key=lambda trigger: kinds.index(trigger.fault.kind))


def _exception(frame: Frame, code: int) -> bytes:
    answer = bytes([frame.data[0], frame.data[1] | EXCEPTION_BIT, code])
    return answer + modbus_crc(answer)
