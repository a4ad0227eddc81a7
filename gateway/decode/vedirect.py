r"""VE.Direct text blocks of Victron devices: `\r\n<name>\t<value>` fields up to Checksum."""

import re

from gateway.decode.found import Decoded, Found, Refused, number, reading
from gateway.errors import FrameError

END = re.compile(rb"\r\nChecksum\t(?s:.)")
HEX_MESSAGE = re.compile(rb":[0-9A-F]{1,64}\n")  # answers of the other mode come between, and are not summed
MAX_BLOCK_BYTES = 2_048  # a block has at most 22 fields of 43 bytes


class VedirectBlocks:
    """Cuts the bytes of a port into blocks; the sum of a block's bytes is 0 modulo 256.

    Args:
        base: before the field's name in the sensor's id.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._rest = b""
        self._skipping = True

    def reset(self, *, partial: bool = True) -> None:
        """See PortDecoder."""
        self._rest = b""
        self._skipping = partial

    def feed(self, data: bytes) -> Decoded:
        """The temperatures of the blocks that `data` completes."""
        self._rest += data
        decoded = Decoded([], [])
        start = 0
        for match in END.finditer(self._rest):
            block = self._rest[start : match.end()]
            start = match.end()
            if self._skipping:
                self._skipping = False
                continue
            if len(block) > MAX_BLOCK_BYTES:
                decoded.refused.append(Refused("overlong", f"a block of more than {MAX_BLOCK_BYTES} bytes", block))
                continue
            try:
                decoded.found.append(_temperature(block, self._base))
            except FrameError as exc:
                decoded.refused.append(Refused(exc.reason, str(exc), block))
        self._rest = self._rest[start:]
        if len(self._rest) > MAX_BLOCK_BYTES:
            if not self._skipping:
                text = f"a block of more than {MAX_BLOCK_BYTES} bytes"
                decoded.refused.append(Refused("overlong", text, self._rest))
            self._skipping = True
            self._rest = self._rest[-16:]  # an end that has begun
        return decoded

    def end(self) -> Decoded:
        """See PortDecoder."""
        return Decoded([], [])


def _temperature(block: bytes, base: str) -> Found:
    block = HEX_MESSAGE.sub(b"", block)
    if sum(block) & 0xFF:
        raise FrameError("bad_checksum", "the block's bytes do not sum to 0 modulo 256")
    fields = dict(field.partition("\t")[::2] for field in block.decode("latin-1").split("\r\n") if "\t" in field)
    if "T" not in fields:
        raise FrameError("no_temperature", "a block without the field T")
    if fields["T"] == "---":
        raise FrameError("sentinel", "T is ---: no temperature sensor is connected")
    return reading(f"{base}/T", number(fields["T"]), "C", "vedirect")
