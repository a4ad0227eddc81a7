"""What is asked of a day. As in the report, a broker's old values and clocks that were wrong are left out."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

from dashboard.errors import HistoryError
from dashboard.history.database import Database
from dashboard.history.files import files_of
from dashboard.history.span import Span

T = TypeVar("T")
ATTEMPTS = 3  # the pipeline may merge the day's files while they are read
CHUNK_ROWS = 2_000

_MEASURED = "NOT coalesce(retained, false) AND NOT coalesce(clock_unsynced, false)"
_FROM = "FROM read_parquet($files, union_by_name = true, hive_partitioning = false)"
_ONE = f"{_FROM} WHERE sensor_id = $sensor AND {_MEASURED} AND epoch_ms(measured_at) BETWEEN $from_ms AND $to_ms"
_SERIES = f"""
    SELECT avg(epoch_ms(measured_at)) / 1000, min(suhu), max(suhu), avg(suhu) {_ONE}
    GROUP BY (epoch_ms(measured_at) - $from_ms) // $width_ms ORDER BY 1
"""
_ROWS = f"""
    SELECT sensor_id, epoch_ms(measured_at), suhu, source, event_id, coalesce(replayed, false) {_ONE}
    ORDER BY measured_at, topic, partition, "offset"
"""
_SENSORS = f"SELECT DISTINCT sensor_id {_FROM} WHERE {_MEASURED} ORDER BY 1 LIMIT 10000"


class Questions:
    """Answers from the files; blocks, and may be asked by several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._database = Database(self._folder)

    def series(self, span: Span, points: int) -> dict[str, list[float]]:
        """At most so many stretches of time, each with its lowest and highest, so that no peak is lost."""
        width_ms = max(1, -(-(span.to_ms - span.from_ms + 1) // points))
        rows = self._read(span.day, _SERIES, _parameters(span) | {"width_ms": width_ms}, lambda found: found.fetchall())
        columns: list[list[float]] = [list(column) for column in zip(*rows, strict=True)] if rows else [[], [], [], []]
        return dict(zip(("t", "min", "max", "mean"), columns, strict=True))

    def sensors(self, day: str) -> list[str]:
        """Who said something on that day."""
        return [row[0] for row in self._read(day, _SENSORS, {}, lambda found: found.fetchall())]

    def rows(self, span: Span) -> Generator[list[tuple[Any, ...]], None, None]:
        """Every reading in its order, in chunks: sensor_id, ms since 1970, °C, source, event_id, replayed.

        Raises:
            HistoryError: before the first chunk only, unless a file goes in between.
        """
        files = files_of(self._folder, span.day)
        if not files:
            return
        try:
            with self._database.query(_ROWS, _parameters(span) | {"files": files}) as found:
                while chunk := found.fetchmany(CHUNK_ROWS):
                    yield chunk
        except FileNotFoundError as exc:
            raise HistoryError(503, "the day's files have just been merged: ask again") from exc

    def _read(self, day: str, sql: str, parameters: dict[str, Any], fetch: Callable[[Any], list[T]]) -> list[T]:
        files = files_of(self._folder, day)
        for attempt in range(1, ATTEMPTS + 1):
            if not files:
                return []
            try:
                with self._database.query(sql, parameters | {"files": files}) as found:
                    return fetch(found)
            except FileNotFoundError as exc:
                before, files = files, files_of(self._folder, day)
                if files == before or attempt == ATTEMPTS:
                    raise HistoryError(500, f"the files of {day} cannot be read: see who may read --history") from exc
        raise AssertionError  # the last attempt returns or raises


def _parameters(span: Span) -> dict[str, Any]:
    return {"sensor": span.sensor_id, "from_ms": span.from_ms, "to_ms": span.to_ms}
