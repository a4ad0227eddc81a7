import struct
from collections.abc import Iterator, Mapping

from firmware_sim.checksums import modbus_crc
from firmware_sim.device import Device
from firmware_sim.frame import Frame, Reading
from firmware_sim.personality import Registers
from firmware_sim.probe import Sample, probes

REQUEST_BYTES = 8  # of the functions that read: unit, function, address, count, CRC
MAX_COUNT = 125
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
READ_HOLDING, READ_INPUT = 3, 4


class ModbusBus:
    """All Modbus devices on one RS-485 line (Modbus over serial line 1.02; application protocol 1.1b3).

    Each answer takes the next samples of the unit it is from: the same questions get the same answers, however slowly
    they are asked. What is not addressed to a unit here, or has a wrong CRC, is not answered. Nothing can be written.
    """

    def __init__(self, device: Device, seed: int) -> None:
        registers = device.family.registers
        if registers is None:
            raise ValueError(f"{device.format} has no registers")
        self._device = device
        self._registers = registers
        every = list(probes(device, seed))
        self._units = {number: [probe] for number, probe in enumerate(every, 1)}
        if not registers.unit_per_sensor:
            self._units = {1: every}
        self._turns = dict.fromkeys(self._units, 0)
        self._buffer = b""

    def answers(self, data: bytes) -> Iterator[Frame]:
        """One for each request that `data` completes; damaged requests are slept through."""
        self._buffer += data
        while len(self._buffer) >= REQUEST_BYTES:
            request = self._buffer[:REQUEST_BYTES]
            if modbus_crc(request[:-2]) != request[-2:]:
                self._buffer = self._buffer[1:]
                continue
            self._buffer = self._buffer[REQUEST_BYTES:]
            if request[0] in self._units:
                yield self._answer(request)

    def _answer(self, request: bytes) -> Frame:
        unit, function, start, count = struct.unpack(">BBHH", request[:-2])
        due_s = self._turns[unit] / self._device.rate
        if function != self._registers.function:
            return self._frame(request, bytes([unit, function | 0x80, ILLEGAL_FUNCTION]), due_s)
        if not 0 < count <= MAX_COUNT:
            return self._frame(request, bytes([unit, function | 0x80, ILLEGAL_VALUE]), due_s)
        asked = range(start, start + count)
        if not set(asked) <= self._addresses(unit):
            return self._frame(request, bytes([unit, function | 0x80, ILLEGAL_ADDRESS]), due_s)
        self._turns[unit] += 1
        samples = [probe.read(due_s) for probe in self._units[unit]]
        image = self._image(samples)
        words = b"".join(image[register].to_bytes(2) for register in asked)
        whole = [sample for number, sample in enumerate(samples) if set(self._place(number)) <= set(asked)]
        return self._frame(request, bytes([unit, function, len(words)]) + words, due_s, whole)

    def _frame(self, request: bytes, answer: bytes, due_s: float, samples: list[Sample] | None = None) -> Frame:
        readings: list[Reading] = [reading for sample in samples or [] for reading in sample.readings]
        faults = dict.fromkeys(fault for sample in samples or [] for fault in sample.faults)
        data = answer + modbus_crc(answer)
        return Frame(self._device.name, due_s, data, tuple(readings), faults=tuple(faults), request=request)

    def _place(self, number: int) -> range:
        width = 2 if self._registers.type == "float32" else 1
        start = self._registers.start + number * width
        return range(start, start + width)

    def _addresses(self, unit: int) -> set[int]:
        status = set() if self._registers.status is None else {self._registers.status}
        places = (self._place(number) for number in range(len(self._units[unit])))
        return {register for place in places for register in place} | set(self._registers.constants) | status

    def _image(self, samples: list[Sample]) -> Mapping[int, int]:
        image = dict(self._registers.constants)
        for number, sample in enumerate(samples):
            image |= zip(self._place(number), _words(self._registers, sample), strict=True)
        if self._registers.status is not None:
            image[self._registers.status] = 0 if all(sample.genuine for sample in samples) else 1
        return image


def _words(registers: Registers, sample: Sample) -> list[int]:
    if registers.type == "float32":
        number = float(sample.shown.text) if sample.shown.text is not None else sample.shown.number
        high, low = struct.unpack(">HH", struct.pack(">f", number))
        return [high, low] if registers.word_order == "big" else [low, high]
    raw = round(sample.shown.number / registers.scale) if sample.genuine else int(sample.shown.number)
    return [raw & 0xFFFF]
