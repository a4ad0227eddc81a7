"""What a fault makes of the bytes of one frame."""

import random
import re
from collections.abc import Callable

from firmware_sim.personality import Personality


def body_of(family: Personality, data: bytes) -> bytes:
    """A frame without its line end."""
    return data.removesuffix(family.end.encode())


def _cut(family: Personality, data: bytes, rng: random.Random) -> bytes:
    """In the second half: the value was begun, and the name of the sensor is whole."""
    body = body_of(family, data)
    return body[: rng.randrange((len(body) + 1) // 2, max(len(body), 2))]


def _without_end(family: Personality, data: bytes, rng: random.Random) -> bytes:
    del rng  # nothing is left to chance
    return body_of(family, data)


def _bit_flipped(family: Personality, data: bytes, rng: random.Random) -> bytes:
    """Where nothing else could tell, a bit that makes the text no text; a `0` would become a degree sign."""
    body = bytearray(body_of(family, data))
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


DAMAGES: dict[str, Callable[[Personality, bytes, random.Random], bytes]] = {
    "cut": _cut,
    "missing-end": _without_end,
    "bit-flip": _bit_flipped,
    "wrong-checksum": _wrong_checksum,
    "decimal-comma": _with_commas,
}
