from dataclasses import dataclass

BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
BACKLOG_BYTES = 4096  # what a firmware holds ready to send before it has to throw lines away


@dataclass(slots=True)
class Wire:
    """The sending side of a UART: bytes leave one after another at the baud rate.

    Deadlines are absolute (each line starts where the one before it ended), so late wake-ups never add up.
    """

    free_at_s: float = 0.0  # when the last bit of the last line has left

    def carry(self, due_s: float, size_bytes: int, baud: int | None) -> float | None:
        """When the last bit of a line due at due_s has left; None when it overran the backlog and is lost.

        baud None is a wire without a speed limit.
        """
        if baud is None:
            return due_s
        bytes_per_s = baud / BITS_PER_BYTE
        start_s = max(due_s, self.free_at_s)
        if (start_s - due_s) * bytes_per_s > BACKLOG_BYTES:
            return None
        self.free_at_s = start_s + size_bytes / bytes_per_s
        return self.free_at_s
