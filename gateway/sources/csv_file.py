"""CSV files: replayed at their own pace, or followed as they grow; no row lost or sent twice over restarts."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import structlog

from gateway.model import Delivery, Position, Reading
from gateway.sources.blocking import finished
from gateway.sources.csv_lines import Place
from gateway.sources.csv_options import CsvOptions
from gateway.sources.csv_reading import CsvReading, ReadRow
from gateway.sources.source import Recall

log = structlog.get_logger()

POLL_S = 0.25  # how often the end of a growing file is looked at
MAX_ROWS = 500  # of one delivery, as of the other sources
ROW_S = 1.0  # between two rows of a file without times


class CsvSource:
    """Reads one file; each delivery carries the place behind its last row, which becomes durable with it.

    Args:
        options: the file, and how to read it.
        recall: what the journal keeps as the position of a source.
        now: the wall clock.
    """

    def __init__(
        self, options: CsvOptions, recall: Recall, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._options = options
        self._recall = recall
        self._now = now
        self._place: Place | None = None  # behind what was handed over last

    @property
    def name(self) -> str:
        """See Source."""
        return f"csv {self._options.path}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        if self._place is None and self._options.start == "resume":
            self._place = Place.parse(await self._recall(self.name))
        reading = CsvReading(self._options)
        try:
            await finished(partial(reading.open, self._place))
            yield self._deliveries(reading)
        finally:
            reading.close()

    async def _deliveries(self, reading: CsvReading) -> AsyncIterator[Delivery]:
        resumed = self._place is not None
        clock = _ReplayClock(self._options.pace)
        at_end = False
        while True:
            rows = await finished(reading.rows)
            async for due in _due(rows, clock):
                resumed = False
                yield self._delivery(due, reading)
            if rows:
                at_end = False
            elif not self._options.follow:
                if (half := reading.half_line()) is not None:
                    yield self._delivery([half], reading)
                elif resumed:
                    remedy = 'nothing new in it; start = "beginning" (--from-start) reads it once more'
                    log.warning("csv_read_before", path=str(self._options.path), remedy=remedy)
                return
            elif not (at_end and await finished(reading.go_on)):
                # A replaced file is read to its end once more: its writer may be late to notice.
                at_end = True
                await asyncio.sleep(POLL_S)

    def _delivery(self, rows: Sequence[ReadRow], reading: CsvReading) -> Delivery:
        now = self._now()
        recorded = self._options.time == "recorded"
        lines = [one.line for one in rows if one.line is not None]
        if lines:
            self._place = reading.behind(lines[-1])
        return Delivery(
            tuple(
                Reading(found.sensor_id, found.celsius, (found.measured_at if recorded else None) or now, "csv")
                for one in rows
                if one.row is not None
                for found in one.row.found
            ),
            tuple(rejected for one in rows for rejected in one.rejected),
            position=Position(self.name, self._place.text()) if self._place is not None else None,
        )


@dataclass(slots=True)
class _ReplayClock:
    """When a row is due, counted from the first one."""

    pace: float  # recorded seconds per second; 0: all are due at once
    first: datetime | None = None
    began_s: float = 0.0  # monotonic, when `first` was due
    untimed: int = 0

    def wait_s(self, row: ReadRow) -> float:
        """Seconds until the row is due; 0 or less: it is."""
        if self.pace == 0 or row.row is None:
            return 0.0
        now_s = time.monotonic()
        if self.began_s == 0.0:
            self.first, self.began_s = row.row.recorded_at, now_s
        if row.row.recorded_at is None or self.first is None:
            return self.began_s + self.untimed * ROW_S / self.pace - now_s
        return self.began_s + (row.row.recorded_at - self.first).total_seconds() / self.pace - now_s


async def _due(rows: Sequence[ReadRow], clock: _ReplayClock) -> AsyncIterator[list[ReadRow]]:
    """The rows in groups that are due together, each when it is."""
    group: list[ReadRow] = []
    for row in rows:
        if group and (clock.wait_s(row) > 0 or len(group) >= MAX_ROWS):
            yield group
            group = []
        if (wait_s := clock.wait_s(row)) > 0:
            await asyncio.sleep(wait_s)
        clock.untimed += 1
        group.append(row)
    if group:
        yield group
