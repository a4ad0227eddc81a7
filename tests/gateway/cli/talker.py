"""A device on a pseudo-terminal that says the same again and again."""

import os
import termios
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

PAUSE_S = 0.05
OUTPUT_SPEED = 5  # place in what tcgetattr gives


@contextmanager
def talking(data: bytes, speed: int | None = None, otherwise: bytes = b"") -> Iterator[str]:
    """Its path.

    Args:
        data: what it says.
        speed: the one at which it can be heard, as termios has it; None: any.
        otherwise: what is heard at any other.
    """
    device, held = os.openpty()
    tty.setraw(held)
    os.set_blocking(device, False)
    done = threading.Event()

    def talk() -> None:
        while not done.wait(PAUSE_S):
            right = speed is None or termios.tcgetattr(held)[OUTPUT_SPEED] == speed
            try:
                os.write(device, data if right else otherwise)
            except BlockingIOError:
                continue

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield os.ttyname(held)
    finally:
        done.set()
        talker.join()
        os.close(device)
        os.close(held)
