import time
from collections.abc import Callable

TOLERANCE_S = 1.0  # less than that is not worth a restart


class WallClock:
    """Notices that the wall clock was set back.

    Kafka's clients in the JVM time their pauses by it: when a broker closes its connection after the clock was set back
    by an hour, they connect again an hour later. New clients know nothing of that.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead_s = wall() - monotonic()

    def was_set_back(self) -> bool:
        """Tell whether it happened since the last time that this was asked; ask often, for clocks drift slowly."""
        before_s, self._ahead_s = self._ahead_s, self._wall() - self._monotonic()
        return self._ahead_s < before_s - TOLERANCE_S
