import json
from collections import Counter
from pathlib import Path
from typing import IO, Self

from firmware_sim.errors import TruthUnwritable
from firmware_sim.script import Emission


class TruthLog:
    """What really left the devices: counted, and written as JSON Lines when a path is given.

    A line is in the file, in one write, as soon as it is noted. The file is appended to, so that a restart keeps
    the evidence.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self.emitted: Counter[str] = Counter()  # by sensor id
        self.dropped = 0

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

    def note_emitted(self, emission: Emission, at_ns: int) -> None:
        """The reading was handed over; at_ns is the wall clock read just before."""
        self.emitted[emission.sensor_id] += 1
        self._write(emission, at_ns)

    def note_dropped(self, emission: Emission, at_ns: int) -> None:
        """The reading never left the device: overrun, or nobody there."""
        self.dropped += 1
        self._write(emission, at_ns, dropped=True)

    def _write(self, emission: Emission, at_ns: int, **flags: bool) -> None:
        if self._file is None or self._path is None:
            return
        fact = {
            "device": emission.device,
            "seq": emission.seq,
            "sensor_id": emission.sensor_id,
            "celsius": emission.celsius,
            "text": emission.text,
            "emitted_at_ns": at_ns,
            **flags,
        }
        try:
            self._file.write(f"{json.dumps(fact, ensure_ascii=False)}\n".encode())
        except OSError as exc:
            raise TruthUnwritable(self._path, exc.strerror or str(exc)) from exc
