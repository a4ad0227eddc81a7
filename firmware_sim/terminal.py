import fcntl
import os
import struct
import termios
import tty
from pathlib import Path

from firmware_sim.errors import LinkUnavailable

INT = struct.Struct("i")
TERMIOS2 = struct.Struct("4IB19s2I")  # flags, line discipline, control characters, input and output speed
TCGETS2 = 0x80000000 | TERMIOS2.size << 16 | ord("T") << 8 | 0x2A  # tells any speed, where tcgetattr knows only Bxxx


def fresh_terminal(link: Path) -> tuple[int, Path]:
    """A fresh raw pseudo-terminal: its master, and where it can be opened.

    Raises:
        LinkUnavailable: there is none to be had.
    """
    try:
        master, slave = os.openpty()
    except OSError as exc:
        raise LinkUnavailable(link, exc.strerror or str(exc)) from exc
    node = Path(os.ttyname(slave))
    tty.setraw(slave)  # a fresh terminal echoes: the device would read its own text
    os.close(slave)
    os.set_blocking(master, False)
    fcntl.ioctl(master, termios.TIOCPKT, INT.pack(1))
    return master, node


def speed_of(master: int) -> int | None:
    """Baud that the client has set; None when it has hung up the line (B0)."""
    attributes = fcntl.ioctl(master, TCGETS2, bytes(TERMIOS2.size))
    speed: int = TERMIOS2.unpack(attributes)[-1]
    return speed or None
