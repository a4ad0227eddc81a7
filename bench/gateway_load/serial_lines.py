"""Serial devices that send lines at full speed: `python -m bench.gateway_load.serial_lines`.

Makes pseudo-terminals with stable names, says `ready`, begins with SIGUSR1. Like a UART it sends bytes, not lines, at
the speed of the line (so chunks end within a line), and what does not fit any more is lost.
"""

import argparse
import os
import signal
import sys
import time
import tty
from pathlib import Path

from bench.gateway_load.readings import celsius_text

CHUNK_S = 0.005  # USB adapters hand over 62 bytes at a time (FTDI AN232B-04), at 115,200 baud one chunk in 5 ms
START = b"\n"  # a gateway that came in the middle of a line drops it up to its end


def open_terminals(folder: Path, ports: int) -> list[int]:
    """Make `port-00`, `port-01` … in the folder.

    Returns:
        The device's ends, non-blocking.
    """
    folder.mkdir(parents=True, exist_ok=True)
    devices = []
    for place in range(ports):
        device, line = os.openpty()
        tty.setraw(line)  # a fresh terminal echoes
        os.set_blocking(device, False)
        (folder / f"port-{place:02d}").symlink_to(os.ttyname(line))
        devices.append(device)  # the line's end stays open too: its settings and bytes live as long as we do
    return devices


def lines(place: int, ports: int, count: int) -> bytes:
    """All lines of one port, 20 bytes each: with start and stop bits, 576 fill a second at 115,200 baud."""
    return b"".join(
        f"machine-{place:02d} {celsius_text(number)}\r\n".encode()
        for number in range(place, place + count * ports, ports)
    )


def send(devices: list[int], texts: list[bytes], seconds: float) -> int:
    """Send each text evenly over the time.

    Returns:
        How many bytes did not fit.
    """
    for device in devices:
        os.write(device, START)
    start_s = time.monotonic()
    sent = lost = 0
    length = len(texts[0])
    while sent < length:
        time.sleep(CHUNK_S)
        due = min(length, int((time.monotonic() - start_s) / seconds * length))
        for device, text in zip(devices, texts, strict=True):
            try:
                lost += due - sent - os.write(device, text[sent:due])
            except BlockingIOError:
                lost += due - sent
        sent = due
    return lost


def main() -> int:
    """Send lines, and say how many bytes did not fit."""
    parser = argparse.ArgumentParser(prog="bench.gateway_load.serial_lines", description="Load on serial ports.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--ports", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="lines per second and port")
    parser.add_argument("--seconds", type=int, required=True)
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    devices = open_terminals(arguments.folder, arguments.ports)
    texts = [lines(place, arguments.ports, arguments.rate * arguments.seconds) for place in range(arguments.ports)]
    print("ready", flush=True)
    signal.sigwait({signal.SIGUSR1})
    lost = send(devices, texts, arguments.seconds)
    print(f"sent, {lost} bytes did not fit", flush=True)
    signal.sigwait({signal.SIGTERM})  # closing the terminals would take what has not been read
    return 0


if __name__ == "__main__":
    sys.exit(main())
