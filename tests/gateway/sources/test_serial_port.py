import fcntl
import os
import struct
from collections.abc import Iterator

import pytest

from gateway.sources.serial_port import claim

TIOCGEXCL = 0x80045440  # asm-generic/ioctls.h; whether a terminal is claimed


@pytest.fixture
def terminal() -> Iterator[int]:
    device, held = os.openpty()
    yield held
    os.close(device)
    os.close(held)


def is_claimed(fd: int) -> bool:
    return bool(struct.unpack("i", fcntl.ioctl(fd, TIOCGEXCL, bytes(4)))[0])


def test_a_terminal_is_claimed_for_us_alone(terminal: int) -> None:
    # There is no other terminal than a pseudo-terminal to be had here.
    claim(terminal, pseudo_terminals="/dev/none/")
    assert is_claimed(terminal)


def test_a_pseudo_terminal_is_not_since_it_would_stay_claimed_after_a_kill(terminal: int) -> None:
    claim(terminal)
    assert not is_claimed(terminal)
