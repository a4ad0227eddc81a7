import json
from collections import Counter
from pathlib import Path
from typing import IO, Any, Self

from firmware_sim.errors import TruthUnwritable
from firmware_sim.frame import Frame, Outage, Reading

LEGIBLE_CONTROLS = "\t\r\n\x1b"


class TruthLog:
    """What really left the devices: counted, and written as JSON Lines when a path is given.

    One line for each frame, damaged and withheld ones too: its bytes, the faults that were put in, the readings that
    must come out of it, and those that may. A line is in the file, in one write, as soon as it is noted. The file is
    appended to, so that a restart keeps the evidence.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.emitted: Counter[str] = Counter()  # readings that must have come out, by sensor id
        self.dropped = 0  # readings

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._path.open("ab", buffering=0)
            except OSError as exc:
                raise TruthUnwritable(self._path, exc.strerror or str(exc)) from exc
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._file is not None:
            self._file.close()

    def note_emitted(self, frame: Frame, at_ns: int) -> None:
        """The frame was handed over; at_ns is the wall clock read just before."""
        self.emitted.update(reading.sensor_id for reading in frame.readings)
        self._write(_fact(frame, at_ns))

    def note_dropped(self, frame: Frame, at_ns: int) -> None:
        """The frame never left the device: overrun, or nobody there."""
        self.dropped += len(frame.readings)
        self._write(_fact(frame, at_ns) | {"dropped": True})

    def note_outage(self, outage: Outage, at_ns: int) -> None:
        """The device goes away now."""
        fact = {"device": outage.device, "faults": [outage.fault], "readings": [], "duration_s": outage.duration_s}
        self._write(fact | {"emitted_at_ns": at_ns})

    def _write(self, fact: dict[str, Any]) -> None:
        if self._file is None or self._path is None:
            return
        try:
            self._file.write(f"{json.dumps(fact, ensure_ascii=False)}\n".encode())
        except OSError as exc:
            raise TruthUnwritable(self._path, exc.strerror or str(exc)) from exc


def _fact(frame: Frame, at_ns: int) -> dict[str, Any]:
    fact: dict[str, Any] = {"device": frame.device, "seq": frame.seq}
    if frame.topic:
        fact["topic"] = frame.topic
    fact |= _bytes(frame.data) | {"readings": _readings(frame.readings)}
    if frame.allowed:
        fact["allowed"] = _readings(frame.allowed)
    if frame.faults:
        fact["faults"] = list(frame.faults)
    return fact | {"emitted_at_ns": at_ns}


def _bytes(data: bytes) -> dict[str, str]:
    """As text, without its line end, where a person can read it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"hex": data.hex()}
    if not all(letter.isprintable() or letter in LEGIBLE_CONTROLS for letter in text):
        return {"hex": data.hex()}
    return {"text": text.removesuffix("\n").removesuffix("\r")}


def _readings(readings: tuple[Reading, ...]) -> list[dict[str, Any]]:
    return [{"sensor_id": reading.sensor_id, "celsius": reading.celsius} for reading in readings]
