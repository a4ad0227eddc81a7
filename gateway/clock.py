"""Whether this machine's wall clock can be believed. Order and timers never depend on it, only `measured_at` does."""

from datetime import UTC, datetime

import structlog

log = structlog.get_logger()

# A box without a battery-backed clock starts in 1970, or at its last shutdown, until NTP has set it.
RELEASED_AT = datetime(2026, 11, 1, tzinfo=UTC)
JUMP_S = 2.0  # NTP slews smaller errors, so a larger step is worth a line


class WallClock:
    """Compares the wall clock with the monotonic one; pure but for its log lines."""

    def __init__(self) -> None:
        self._ahead_s: float | None = None  # wall clock minus monotonic clock, when last seen
        self.is_early = False  # before this program was written
        self.jumps_total = 0

    def unsynced(self, wall_s: float, monotonic_s: float) -> bool:
        """Whether readings stamped now carry a time that is surely wrong.

        Args:
            wall_s: Unix time.
            monotonic_s: the monotonic clock at the same moment.
        """
        ahead_s = wall_s - monotonic_s
        if self._ahead_s is not None and abs(ahead_s - self._ahead_s) > JUMP_S:
            self.jumps_total += 1
            log.warning("clock_jumped", by_s=round(ahead_s - self._ahead_s, 1))
        self._ahead_s = ahead_s
        early = wall_s < RELEASED_AT.timestamp()
        if early and not self.is_early:
            log.warning("clock_unsynced", effect='records carry "clock_unsynced" until it is set')
        elif self.is_early and not early:
            log.info("clock_synced")
        self.is_early = early
        return early
