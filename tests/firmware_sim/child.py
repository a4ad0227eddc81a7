import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import serial

PATIENCE_S = 10.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Ask until it is so."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"still not so: {what}"
        time.sleep(0.005)


class Child:
    """The simulator as a user starts it."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._truth = folder / "truth.jsonl"
        command = [sys.executable, "-W", "error", "-m", "firmware_sim", "--truth", str(self._truth), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ready(self) -> str:
        """The address of the next ready line."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise AssertionError(f"not ready: {line}{self.process.communicate(timeout=PATIENCE_S)[1]}")
        return line.split()[3]

    def complaint(self) -> str:
        """The next line on standard error."""
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def ends(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, and what has not been read yet of standard output and standard error."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err

    def stop(self) -> tuple[int, str, str]:
        self.process.terminate()
        return self.ends()

    def kill(self) -> None:
        self.process.kill()
        self.ends()

    def truth(self) -> list[dict[str, Any]]:
        """All readings noted so far."""
        return [json.loads(line) for line in self.raw_truth().split(b"\n")[:-1]]

    def raw_truth(self) -> bytes:
        return self._truth.read_bytes() if self._truth.exists() else b""

    def emitted(self) -> list[str]:
        """The texts that left a device."""
        return [fact["text"] for fact in self.truth() if "dropped" not in fact]


def read_lines(port: serial.SerialBase, count: int) -> list[str]:
    """Exactly so many whole lines."""
    lines: list[str] = []
    for _ in range(count):
        line = port.read_until(b"\r\n")
        assert line.endswith(b"\r\n"), f"no whole line came: {line!r} after {lines}"
        lines.append(line.decode().removesuffix("\r\n"))
    return lines


def read_until_unplugged(port: serial.Serial) -> list[str]:
    """All whole lines, as fast as they can be read."""
    data = b""
    while True:
        select.select([port.fileno()], [], [], PATIENCE_S)  # readable and yet nothing to read: unplugged
        try:
            chunk = os.read(port.fileno(), 65_536)
        except OSError:
            chunk = b""
        if not chunk:
            return data.decode().split("\r\n")[:-1]
        data += chunk
