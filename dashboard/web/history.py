import asyncio
import csv
import io
import math
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from dashboard.errors import HistoryError
from dashboard.history.files import days, parse_day
from dashboard.history.span import Span
from dashboard.web.answers import NO_STORE, fault, fresh

if TYPE_CHECKING:
    from dashboard.history.questions import Questions

T = TypeVar("T")
AT_ONCE = 2  # questions under way; each may take 256 MB together, and two cores
WAITING = 16
POINTS, MOST_POINTS = 1200, 5000
TRY_AGAIN_S = 5
LONGEST_DOWNLOAD_S = 600.0
HEADER = ("sensor_id", "measured_at", "suhu", "source", "event_id", "replayed")


class HistoryPages:
    """The paths below /api/history. DuckDB is loaded with the first question: the live page does not wait for it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._questions: Questions | None = None
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def days(self, _: Request) -> Response:
        """GET /api/history/days."""
        return await self._answer(lambda: {"days": days(self._folder)})

    async def sensors(self, request: Request) -> Response:
        """GET /api/history/sensors?day=."""

        def ask() -> dict[str, Any]:
            return {"sensors": self._open().sensors(parse_day(request.query_params.get("day", "")))}

        return await self._answer(ask)

    async def series(self, request: Request) -> Response:
        """GET /api/history?sensor=&day=&points=&from=&to=."""

        def ask() -> dict[str, Any]:
            return self._open().series(_span(request), _points(request))

        return await self._answer(ask)

    async def table(self, request: Request) -> Response:
        """GET /api/history.csv?sensor=&day=."""
        try:
            span = _span(request)
            lines = self._lines(span)
            first = await anext(lines)  # what can go wrong does so here, as long as it can be told
        except HistoryError as exc:
            return _refused(exc)
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", span.sensor_id)[:60]
        headers = {"content-disposition": f'attachment; filename="suhu-{span.day}-{name}.csv"', **NO_STORE}
        return StreamingResponse(_chained(first, lines), media_type="text/csv; charset=utf-8", headers=headers)

    async def _lines(self, span: Span) -> AsyncIterator[bytes]:
        """The table in pieces; its header comes with the first readings.

        Raises:
            HistoryError: there are none, or they cannot be read.
        """
        async with self._slot(), asyncio.timeout(LONGEST_DOWNLOAD_S):
            chunks = await run_in_threadpool(lambda: self._open().rows(span))
            try:
                rows = await run_in_threadpool(next, chunks, None)
                if rows is None:
                    raise HistoryError(404, f"the history has nothing of this sensor on {span.day} (UTC)")
                yield _csv([HEADER, *map(_safe, rows)])
                while (rows := await run_in_threadpool(next, chunks, None)) is not None:
                    yield _csv(map(_safe, rows))
            finally:
                chunks.close()

    async def _answer(self, ask: Callable[[], dict[str, Any]]) -> Response:
        try:
            async with self._slot():
                return fresh(await run_in_threadpool(ask))
        except HistoryError as exc:
            return _refused(exc)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise HistoryError(503, "too many ask for the history at this moment: ask again in some seconds")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    def _open(self) -> "Questions":
        if self._questions is None:
            from dashboard.history.questions import Questions

            self._questions = Questions(self._folder)
        return self._questions


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for each in rest:
        yield each


def _span(request: Request) -> Span:
    asked = request.query_params
    sensor_id = asked.get("sensor", "")
    if not 1 <= len(sensor_id) <= 128:
        raise HistoryError(400, "sensor must be a sensor's id, as in sensor=S1")
    return Span.of(sensor_id, parse_day(asked.get("day", "")), _second(asked.get("from")), _second(asked.get("to")))


def _second(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not abs(found) < 1e11:
        raise HistoryError(400, "from and to must be seconds since 1970")
    return found


def _points(request: Request) -> int:
    text = request.query_params.get("points", str(POINTS))
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST_POINTS):
        raise HistoryError(400, f"points must be a number from 1 to {MOST_POINTS}")
    return int(text)


def _refused(exc: HistoryError) -> Response:
    return fault(exc.status, str(exc), {"retry-after": str(TRY_AGAIN_S)} if exc.status == 503 else None)


def _safe(row: tuple[Any, ...]) -> tuple[str, ...]:
    """A line of the table; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    sensor_id, at_ms, celsius, source, event_id, replayed = row
    measured_at = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at_ms % 1000:03}Z"
    texts = [f"'{each}" if each[:1] in "=+-@\t\r" else each for each in (sensor_id, source, event_id)]
    return texts[0], measured_at, repr(celsius), texts[1], texts[2], "true" if replayed else "false"


def _csv(rows: Iterable[Iterable[str]]) -> bytes:
    """Lines as RFC 4180 has them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
