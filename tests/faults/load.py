import json
import threading
import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from sandbox.waiting import wait_until
from tests.faults.invariants import Accepted

STEP_CELSIUS = 0.001  # each reading is this much above its sensor's last one: unique, and its order is visible
TURN_S = 0.01
PATIENCE_S = 60.0


class Load:
    """Publishes readings over MQTT, in a thread, and remembers which ones the broker has taken.

    Args:
        port: the MQTT broker's, on loopback.
        prefix: sensors publish on `<prefix>/<sensor_id>`.
        sensors: their ids.
        rate: readings per second, of all sensors together; each has its turn.
        qos: 1, or 2.
    """

    def __init__(
        self, port: int, prefix: str, sensors: Sequence[str] = ("S1", "S2", "S3"), rate: float = 300.0, qos: int = 1
    ) -> None:
        self._qos = qos
        self._prefix = prefix
        self._sensors = list(sensors)
        self._rate = rate
        self._sent: list[tuple[int, Accepted]] = []
        self._taken: list[int] = []  # packet ids, which are used again after 65,535
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"load-{prefix}")
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = lambda _c, _u, packet_id, _r, _p: self._taken.append(packet_id)
        self._client.connect("127.0.0.1", port)

    @property
    def sent(self) -> int:
        """How many readings were handed to the client."""
        return len(self._sent)

    @property
    def last(self) -> list[Accepted]:
        """The newest reading of each sensor that has one."""
        return [reading for _, reading in self._sent[-len(self._sensors) :]]

    def accepted(self) -> list[Accepted]:
        """The readings for which the broker has taken responsibility, in the order in which they were published."""
        left = Counter(self._taken)
        readings = []
        for packet_id, reading in list(self._sent):
            if left[packet_id] > 0:
                left[packet_id] -= 1
                readings.append(reading)
        return readings

    def between(self, first: int, last: int) -> list[Accepted]:
        """The readings that were handed to the client while `sent` rose from `first` to `last`."""
        return [reading for _, reading in self._sent[first:last]]

    def burst(self, count: int) -> None:
        """Publish so many readings at once, besides the thread's."""
        for _ in range(count):
            self._publish()

    def start(self) -> Self:
        """Start publishing."""
        self._client.loop_start()
        self._thread.start()
        return self

    def connect(self) -> Self:
        """Be ready for `burst`, without publishing anything by itself."""
        self._client.loop_start()
        return self

    def stop(self) -> None:
        """Publish no more, and wait until the broker has taken everything."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        wait_until(lambda: len(self._taken) >= len(self._sent), PATIENCE_S, "the broker's PUBACK for every reading")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        began_s = time.monotonic()
        count = 0
        while not self._stopping.wait(TURN_S):
            due = int((time.monotonic() - began_s) * self._rate)
            for _ in range(due - count):
                self._publish()
            count = due

    def _publish(self) -> None:
        with self._lock:
            turn = len(self._sent)
            sensor_id = self._sensors[turn % len(self._sensors)]
            celsius = round((turn // len(self._sensors) + 1) * STEP_CELSIUS, 3)
            info = self._client.publish(f"{self._prefix}/{sensor_id}", json.dumps({"suhu": celsius}), self._qos)
            self._sent.append((info.mid, (sensor_id, celsius)))
