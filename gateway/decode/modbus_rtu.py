"""Answers of Modbus devices: `01 04 02 01 31 79 74` on a serial line (Modbus over serial line V1.02)."""

import math
import struct
from collections.abc import Sequence

from gateway.decode.checksums import crc16_modbus
from gateway.decode.device import Device, Register
from gateway.decode.found import Decoded, Found, Refused, attempted, reading
from gateway.errors import FrameError

MAX_FRAME_BYTES = 256
EXCEPTION_BYTES = 5
EXCEPTIONS = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "device failure",
    5: "acknowledge", 6: "device busy", 8: "memory parity error", 10: "gateway path", 11: "gateway target silent",
}  # fmt: skip
# Full scale of a register: what converters give when nothing is connected. No temperature comes so close to it.
FULL_SCALE = {"int16": (0x7FFF, -0x8000), "uint16": (0xFFFF, 0x7FFF, 0x8000), "int32": (0x7FFF_FFFF, -0x8000_0000)}
FORMATS = {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}


class RegisterAnswers:
    """Finds the answers to one request by unit, function, length and CRC, so that an echo or noise is passed over.

    Args:
        device: the request and what its registers mean.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._rest = b""
        self._noise = b""  # what was passed over since the last frame, for a person

    def reset(self, *, partial: bool = True) -> None:
        """See PortDecoder."""
        self._rest = self._noise = b""

    def feed(self, data: bytes) -> Decoded:
        """The temperatures of the answers that `data` completes."""
        self._rest += data
        decoded = Decoded([], [])
        at = passed = 0
        while (length := _frame_length(self._rest[at : at + 3], self._device)) and at + length <= len(self._rest):
            frame = self._rest[at : at + length]
            if length > 1 and crc16_modbus(frame[:-2]) == frame[-2:]:
                self._pass_over(passed, at)
                self._noise = b""
                self._decode(frame, decoded)
                at += length
                passed = at
            elif length > 1:
                decoded.refused.append(Refused("bad_checksum", "the CRC of an answer does not fit", frame))
                at += 1
            else:
                at += 1
        self._pass_over(passed, at)
        self._rest = self._rest[at:]
        return decoded

    def end(self) -> Decoded:
        """An answer that never became whole."""
        rest, self._rest, self._noise = self._noise + self._rest, b"", b""
        return Decoded([], [Refused("not_a_reading", "bytes that are no answer of this device", rest)] if rest else [])

    def _pass_over(self, start: int, end: int) -> None:
        self._noise = (self._noise + self._rest[start:end])[-MAX_FRAME_BYTES:]

    def _decode(self, frame: bytes, decoded: Decoded) -> None:
        if frame[1] & 0x80:
            decoded.refused.append(exception(frame[2], frame))
            return
        registers = struct.unpack(f">{self._device.count}H", frame[3:-2])
        decoded.add(decode_registers(registers, self._device), frame)


def whole_answer(heard: bytes, device: Device) -> bytes | None:
    """The first answer to the device's request, whatever stands around it: an echo, noise, answers of other units."""
    for at in range(len(heard)):
        length = _frame_length(heard[at : at + 3], device) or 1
        frame = heard[at : at + length]
        if length > 1 and len(frame) == length and crc16_modbus(frame[:-2]) == frame[-2:]:
            return frame
    return None


def whole_tcp_answer(heard: bytes, request: bytes, device: Device) -> bytes | None:
    """The answer to this request, past late answers to earlier ones (MBAP header: Modbus on TCP/IP V1.0b, 3.1.3)."""
    at = 0
    while len(heard) >= at + 9:
        length = 6 + int.from_bytes(heard[at + 4 : at + 6])
        frame = heard[at : at + length]
        if len(frame) < length:
            return None
        if frame[:4] == request[:4] and frame[6:7] == request[6:7]:
            body = frame[7:]
            if body[:2] == bytes((device.function, 2 * device.count)) and len(body) == 2 + 2 * device.count:
                return frame
            if body[:1] == bytes((device.function | 0x80,)) and len(body) == 2:
                return frame
        at += length
    return None


def exception(code: int, raw: bytes) -> Refused:
    """The device has answered that it cannot answer."""
    return Refused("exception", f"the device answers: {EXCEPTIONS.get(code, 'unknown exception')} ({code:02d})", raw)


def decode_registers(registers: Sequence[int], device: Device) -> list[Found | FrameError]:
    """The temperatures in the registers from `device.start` on."""
    return [attempted(_register, field, registers, device.start) for field in device.fields]


def _frame_length(head: bytes, device: Device) -> int | None:
    """Of the frame whose first three bytes are `head`; 1: it is none; None: more bytes are needed to say."""
    normal = bytes((device.unit_id, device.function, 2 * device.count))
    refusal = bytes((device.unit_id, device.function | 0x80))
    if not head or (len(head) < 3 and (normal.startswith(head) or refusal.startswith(head))):
        return None
    if head == normal:
        return 3 + 2 * device.count + 2
    if head[:2] == refusal and head[2] in EXCEPTIONS:
        return EXCEPTION_BYTES
    return 1


def _register(field: Register, registers: Sequence[int], start: int) -> Found:
    if field.status_reg is not None:
        (status,) = _words(registers, field.status_reg - start, 1)
        if status not in field.status_ok:
            raise FrameError("bad_quality", f"the status register of {field.id} is {status}")
    words = _words(registers, field.reg - start, struct.calcsize(FORMATS[field.type]) // 2)
    if field.word_order == "little":
        words = words[::-1]
    (raw,) = struct.unpack(FORMATS[field.type], struct.pack(f">{len(words)}H", *words))
    if not math.isfinite(raw):
        raise FrameError("bad_number", f"{field.id} is {raw}")
    if raw in field.invalid or raw in FULL_SCALE.get(field.type, ()):
        raise FrameError("sentinel", f"{field.id} is {raw:g}, which this device sends when it has no reading")
    value = round(raw * field.scale + field.offset, 9)
    return reading(field.id, value, field.unit, "modbus_rtu")


def _words(registers: Sequence[int], place: int, count: int) -> Sequence[int]:
    if not 0 <= place <= len(registers) - count:
        raise FrameError("too_few_columns", "a register outside of what was asked for")
    return registers[place : place + count]
