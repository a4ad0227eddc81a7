from collections.abc import Callable, Iterator
from threading import Event
from typing import TypeVar

from suhu_jobs.errors import KafkaUnreachable, Stopped
from suhu_jobs.events import EventLog

T = TypeVar("T")


def delays(first_s: float = 0.5, longest_s: float = 15.0) -> Iterator[float]:
    """Waiting times that double up to the longest, without end."""
    delay_s = first_s
    while True:
        yield delay_s
        delay_s = min(2 * delay_s, longest_s)


class Patience:
    """Asks Kafka again, with back-off and one log line per change, until it answers or the job is to end."""

    def __init__(self, stop: Event, log: EventLog, bootstrap_servers: str) -> None:
        self._stop = stop
        self._log = log
        self._servers = bootstrap_servers

    def __call__(self, ask: Callable[[], T]) -> T:
        """Return the answer.

        Raises:
            Stopped: the job is to end.
        """
        waited = False
        for delay_s in delays(longest_s=5.0):
            if self._stop.is_set():
                raise Stopped
            try:
                answer = ask()
            except KafkaUnreachable as exc:
                if not waited:
                    self._log("kafka unreachable", servers=self._servers, reason=exc, action="asking again")
                waited = True
                self._stop.wait(delay_s)
            else:
                if waited:
                    self._log("kafka reachable", servers=self._servers)
                return answer
        raise AssertionError  # delays never ends
