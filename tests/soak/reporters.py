"""Devices of the soak's own: each says one reading of each of its sensors a turn, and remembers which were taken."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.faults.invariants import Accepted

STEP_CELSIUS = 0.001  # each reading is this much above its sensor's last one: unique, and its order is visible
ANSWER_TIMEOUT_S = 10.0


class Reporter:
    """The thread, and the pace. `accepted` are the readings that the gateway is answerable for, in their order."""

    def __init__(self, name: str, sensors: Sequence[str], interval_s: float) -> None:
        self.accepted: list[Accepted] = []
        self._sensors = sensors
        self._interval_s = interval_s
        self._turns = dict.fromkeys(sensors, 0)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def stop(self) -> None:
        """Say no more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stopping.wait(max(due_s - time.monotonic(), 0)):
            due_s = max(due_s + self._interval_s, time.monotonic() - self._interval_s)
            for sensor_id in self._sensors:
                reading = (sensor_id, round((self._turns[sensor_id] + 1) * STEP_CELSIUS, 3))
                if self._taken(reading):
                    self._turns[sensor_id] += 1
                    self.accepted.append(reading)

    def _taken(self, reading: Accepted) -> bool:
        raise NotImplementedError


class Poster(Reporter):
    """Sends readings to the gateway's HTTP server; one that is not answered with 200 is sent again in the next turn.

    Args:
        port: the gateway's, on loopback.
        sensors: their ids.
        interval_s: between two readings of a sensor.
    """

    def __init__(self, port: int, sensors: Sequence[str], interval_s: float = 1.0) -> None:
        super().__init__("poster", sensors, interval_s)
        self.refused = 0
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)

    def stop(self) -> None:
        """Say no more, and hang up."""
        super().stop()
        self._connection.close()

    def _taken(self, reading: Accepted) -> bool:
        sensor_id, celsius = reading
        try:
            self._connection.request("POST", "/readings", json.dumps({"sensor_id": sensor_id, "suhu": celsius}))
            answer = self._connection.getresponse()
            if answer.status == http.HTTPStatus.OK and json.loads(answer.read())["accepted"] == 1:
                return True
        except (OSError, http.client.HTTPException, ValueError):
            pass
        self._connection.close()
        self.refused += 1
        return False


class Logger(Reporter):
    """Appends readings to a CSV file that the gateway follows.

    Args:
        path: of the file, which is made anew.
        sensors: their ids.
        interval_s: between two readings of a sensor.
    """

    def __init__(self, path: Path, sensors: Sequence[str], interval_s: float = 1.0) -> None:
        super().__init__("logger", sensors, interval_s)
        self._path = path
        path.write_text("sensor_id,suhu\n")

    def _taken(self, reading: Accepted) -> bool:
        with self._path.open("a") as file:
            file.write(f"{reading[0]},{reading[1]:.3f}\n")
        return True
