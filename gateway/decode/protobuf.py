"""The wire format of Protocol Buffers, for reading only (protobuf.dev/programming-guides/encoding)."""

import struct
from collections.abc import Iterator

from gateway.errors import FrameError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_VARINT_BYTES = 10

Field = tuple[int, int, int | bytes]  # number, wire type, value; fixed ones are bytes


def fields(message: bytes) -> Iterator[Field]:
    """The fields of a message in their order; unknown ones too.

    Raises:
        FrameError: it is cut off or is no such message.
    """
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise FrameError("bad_protobuf", f"field number 0 at byte {place}")
        value: int | bytes
        if kind == VARINT:
            value, place = _varint(message, place)
        elif kind in {FIXED64, FIXED32, BYTES}:
            length = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
            if kind == BYTES:
                length, place = _varint(message, place)
            value = message[place : place + length]
            if len(value) < length:
                raise FrameError("bad_protobuf", f"cut off at byte {len(message)}")
            place += length
        else:
            raise FrameError("bad_protobuf", f"wire type {kind} at byte {place}")
        yield number, kind, value


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = 0
    for step in range(MAX_VARINT_BYTES):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << (7 * step)
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place
    raise FrameError("bad_protobuf", f"a number without end at byte {place}")


def float32(value: int | bytes) -> float:
    """A field of wire type 5 as float, with the digits that a float has."""
    (read,) = struct.unpack("<f", value if isinstance(value, bytes) else b"")
    return float(f"{read:.7g}")


def float64(value: int | bytes) -> float:
    """A field of wire type 1 as double."""
    (read,) = struct.unpack("<d", value if isinstance(value, bytes) else b"")
    return float(read)


def signed(value: int, bits: int) -> int:
    """The two's complement number in the lower bits."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
