"""As much of the protobuf wire format as Sparkplug B needs (protobuf.dev/programming-guides/encoding)."""

import struct

VARINT, BYTES, FIXED32 = 0, 2, 5


def varint(number: int) -> bytes:
    """Seven bits a byte, least significant first; negative numbers as 64-bit two's complement."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def integer(field: int, number: int) -> bytes:
    """A field of a varint type, booleans included."""
    return varint(field << 3 | VARINT) + varint(number)


def chunk(field: int, data: bytes) -> bytes:
    """A string or a message inside a message."""
    return varint(field << 3 | BYTES) + varint(len(data)) + data


def real(field: int, number: float) -> bytes:
    """A 32-bit float."""
    return varint(field << 3 | FIXED32) + struct.pack("<f", number)
