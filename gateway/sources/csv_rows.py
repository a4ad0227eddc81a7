"""Rows of a CSV file to temperatures. Pure: no I/O, no clock."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from gateway.decode.document import UNITS
from gateway.decode.found import NUMBER, UNIT, Found, checked, to_celsius
from gateway.errors import FrameError
from gateway.sources.csv_header import Layout, split
from gateway.sources.csv_options import CsvFormat

MAX_SENSORS = 10_000  # whose last row is remembered; more only lets repeated rows through
EPOCH_SECONDS = re.compile(r"[0-9]{9,10}(?:\.[0-9]{1,9})?")  # 1973 to 2286
EPOCH_MILLISECONDS = re.compile(r"[0-9]{12,13}")
CELL = re.compile(rf"(?P<value>{NUMBER})\s*(?P<unit>{UNIT})?", re.IGNORECASE)
COMMA_CELL = re.compile(rf"(?P<value>[+-]?[0-9]{{1,12}}(?:,[0-9]{{1,12}})?)\s*(?P<unit>{UNIT})?", re.IGNORECASE)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # Kafka has no earlier timestamps
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says; cells that say nothing certain are in `refused`."""

    found: tuple[Found, ...]
    refused: tuple[FrameError, ...]
    recorded_at: datetime | None  # aware, UTC; None when the file has no time column


class RowReader:
    """Reads the rows of one file, in their order.

    Args:
        layout: what its header says.
        wanted: what the configuration says.
    """

    def __init__(self, layout: Layout, wanted: CsvFormat) -> None:
        self._layout = layout
        self._time_format = wanted.time_format
        self._zone: tzinfo | None = wanted.zone()
        self._decimal = wanted.decimal
        self._last: dict[str, str] = {}  # sensor id -> its newest row

    def read(self, line: str) -> Row:
        """One line without its end.

        Raises:
            FrameError: nothing in it can be used.
        """
        layout = self._layout
        cells = split(line, layout.separator)
        if layout.width is not None and len(cells) != layout.width:
            raise FrameError("wrong_width", f"{len(cells)} cells where the header has {layout.width}")
        recorded_at = None if layout.time_place is None else self._time(self._cell(cells, layout.time_place))
        sensor_id = layout.sensor_id or ""
        if layout.id_place is not None:
            sensor_id = self._cell(cells, layout.id_place)
        if recorded_at is not None:  # without a time, two equal rows are two measurements
            self._remember(sensor_id, line)
        found: list[Found] = []
        refused: list[FrameError] = []
        for place, name, unit in ((one.place, one.name, one.unit) for one in layout.temperatures):
            whose = sensor_id if len(layout.temperatures) == 1 else f"{sensor_id}/{name}" if sensor_id else name
            try:
                celsius = self._celsius(cells, place, unit)
                found.append(checked(whose, celsius, recorded_at))
            except FrameError as exc:
                refused.append(exc)
        return Row(tuple(found), tuple(refused), recorded_at)

    def _remember(self, sensor_id: str, line: str) -> None:
        if self._last.get(sensor_id) == line:
            raise FrameError("repeated", f"the same row of {sensor_id!r} twice in a row")
        if len(self._last) >= MAX_SENSORS:
            self._last.clear()
        self._last[sensor_id] = line

    def _celsius(self, cells: list[str], place: int, unit: str | None) -> float:
        text = self._cell(cells, place)
        if not text:
            raise FrameError("empty", f"no temperature in column {place}")
        match = self._number(text)
        units = {unit, _letter(match["unit"])}
        if self._layout.unit_place is not None and (named := self._cell(cells, self._layout.unit_place)):
            if (letter := UNITS.get(named.lower())) is None:
                raise FrameError("unknown_unit", f"{named[:20]!r} is no unit of temperature")
            units.add(letter)
        units.discard(None)
        if len(units) > 1:
            raise FrameError("ambiguous", f"two units for one temperature: {' and '.join(sorted(map(str, units)))}")
        return to_celsius(float(match["value"].replace(",", ".")), units.pop() if units else None)

    def _number(self, text: str) -> re.Match[str]:
        if self._decimal != "," and (match := CELL.fullmatch(text)) is not None:
            return match
        if self._decimal == "," or (self._decimal is None and self._layout.separator != ","):
            match = COMMA_CELL.fullmatch(text)
            # 1,250 is one and a quarter to some and twelve hundred to others.
            if match is not None and (self._decimal == "," or not re.search(r",[0-9]{3}(?![0-9])", text)):
                return match
        raise FrameError("bad_number", f"{text[:40]!r} is no number: see the key decimal if its comma is one")

    def _time(self, text: str) -> datetime:
        try:
            if self._time_format is not None:
                moment = datetime.strptime(text, self._time_format)  # noqa: DTZ007 - its zone is added below
            elif EPOCH_SECONDS.fullmatch(text):
                moment = EARLIEST + timedelta(seconds=float(text))
            elif EPOCH_MILLISECONDS.fullmatch(text):
                moment = EARLIEST + timedelta(milliseconds=int(text))
            else:
                moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone) if self._zone is not None else moment.astimezone()
            moment = moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise FrameError(
                "bad_time", f"{text[:40]!r} is no time such as 2026-11-22T10:04:05: set time_format"
            ) from None
        if not EARLIEST <= moment < LATEST:
            raise FrameError("bad_time", f"{text[:40]!r} is not between 1970 and 2200")
        return moment

    @staticmethod
    def _cell(cells: list[str], place: int) -> str:
        if place >= len(cells):
            raise FrameError("wrong_width", f"{len(cells)} cells, and no column {place}, counted from 0")
        return cells[place]


def _letter(unit: str | None) -> str | None:
    """C, F or K of a unit as it stands behind a number."""
    if unit is None:
        return None
    plain = unit.replace("℃", "C").replace("℉", "F")
    word = re.search(r"(c|f|k)(?:elsius|ahrenheit|elvin)?$", plain.strip(), re.IGNORECASE)
    return word.group(1).upper() if word else None
