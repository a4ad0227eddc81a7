import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from firmware_sim.device import Device
from firmware_sim.frame import Frame
from firmware_sim.probe import Sample, probes
from firmware_sim.speech import Speech

DCON_ADDRESS = "01"
DCON_MODULE = "4015"
MAX_COMMAND_BYTES = 256  # a longer one is noise
NUMBERED = re.compile(r"^N\d+\s*|\*\d+$")  # the line number and checksum that a print host adds


class TextCommands:
    """A device that is asked in text: ADAM/DCON modules and Marlin.

    Each answer with temperatures takes the next samples: the same questions get the same answers.
    """

    def __init__(self, device: Device, seed: int, epoch_s: float) -> None:
        self._device = device
        self._speech = Speech(device, epoch_s)
        self._probes = list(probes(device, seed))
        self._turn = 0
        self._buffer = b""

    def answers(self, data: bytes) -> Iterator[Frame]:
        """One for each command that `data` completes, but for those to other devices on the bus."""
        *commands, self._buffer = re.split(rb"[\r\n]", self._buffer + data)
        self._buffer = self._buffer[-MAX_COMMAND_BYTES:]
        for command in commands:
            text = command.decode("ascii", "replace").strip()
            if not text:
                continue
            frame = self._of_dcon(text) if self._device.family.protocol == "dcon" else self._of_gcode(text)
            if frame is not None:
                yield replace(frame, request=command + b"\r")

    def _of_dcon(self, command: str) -> Frame | None:
        """Advantech ADAM-4000: `#AA` all channels, `#AAN` one, `$AAM` the module's name; others are `?AA`."""
        if command[1:3] != DCON_ADDRESS:
            return None
        samples = None
        if command == f"#{DCON_ADDRESS}":
            samples = self._read()
        elif command[0] == "#" and command[3:].isdecimal() and int(command[3:]) < len(self._probes):
            samples = [self._read()[int(command[3:])]]
        if samples is not None:
            return self._speech.frame(samples, self._due_s())
        return self._plain(f"!{DCON_ADDRESS}{DCON_MODULE}" if command == f"${DCON_ADDRESS}M" else f"?{DCON_ADDRESS}")

    def _of_gcode(self, command: str) -> Frame:
        if NUMBERED.sub("", command).strip() == "M105":
            return self._speech.frame(self._read(), self._due_s())
        return self._plain("ok")

    def _read(self) -> Sequence[Sample]:
        self._turn += 1
        return [probe.read(self._due_s()) for probe in self._probes]

    def _due_s(self) -> float:
        return max(self._turn - 1, 0) / self._device.rate

    def _plain(self, text: str) -> Frame:
        return Frame(self._device.name, self._due_s(), f"{text}{self._device.family.end}".encode())
