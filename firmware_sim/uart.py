"""A UART whose two ends disagree about the speed."""

from collections.abc import Iterator

STOP_BIT_AT = 9.5  # bit times after the falling edge of the start bit


def as_heard(data: bytes, sent_baud: int, heard_baud: int) -> bytes:
    """What a receiver at heard_baud makes of bytes sent back to back at sent_baud, 8 data bits and no parity.

    It waits for a falling edge, then samples the middle of each of its own bit times. A wrong stop bit is a framing
    error, for which the kernel delivers NUL unless told otherwise (termios, PARMRK).
    """
    line = list(_bits(data))
    heard = bytearray()
    at = 0.0  # in bit times of the sender
    ratio = sent_baud / heard_baud
    while (edge := _falling_edge(line, at)) is not None:
        samples = [_level(line, edge + (bit + 1.5) * ratio) for bit in range(8)]
        at = edge + STOP_BIT_AT * ratio
        byte = sum(level << bit for bit, level in enumerate(samples))
        heard.append(byte if _level(line, at) else 0)
    return bytes(heard)


def _bits(data: bytes) -> Iterator[int]:
    yield 1
    for byte in data:
        yield 0
        for bit in range(8):
            yield byte >> bit & 1
        yield 1


def _level(line: list[int], at: float) -> int:
    return line[int(at)] if at < len(line) else 1


def _falling_edge(line: list[int], at: float) -> int | None:
    for index in range(max(1, int(at) + 1), len(line)):
        if line[index - 1] and not line[index]:
            return index
    return None
