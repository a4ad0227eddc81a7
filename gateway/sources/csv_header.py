"""The header of a CSV file to what its columns mean. Pure: no I/O, no clock."""

import csv
import re
from dataclasses import dataclass

from gateway.decode.json_tree import UNIT_KEYS
from gateway.errors import FrameError
from gateway.sources.csv_options import ColumnName, CsvFormat

SEPARATORS = ",;\t|"
# `id` and `name` alone are left out: they number or describe rows as often as they name sensors.
ID_NAMES = {
    "sensor_id", "sensorid", "id_sensor", "sensor", "nama_sensor", "sensor_name", "device_id", "deviceid", "device",
    "machine_id", "machineid", "machine", "mesin", "id_mesin", "nama_mesin", "perangkat", "alat",
}  # fmt: skip
TIME_NAMES = {
    "measured_at", "timestamp", "time", "waktu", "datetime", "date_time", "tanggal_waktu", "waktu_pengukuran",
    "recorded_at", "ts",
}  # fmt: skip
UNIT_NAMES = {"celsius": "C", "fahrenheit": "F", "kelvin": "K"}
# suhu_c, temperature (°F), Temp [C]: a name of the quantity, and perhaps its unit.
TEMPERATURE_NAME = re.compile(
    r"(?:suhu|temperature|temperatur|temp)(?:_*(?P<unit>deg_?[cfk]|[cfk]|celsius|fahrenheit|kelvin))?"
)


@dataclass(frozen=True, slots=True)
class Temperature:
    """A column with temperatures."""

    place: int
    name: str  # as in the header, else its place
    unit: str | None  # C, F or K where the header or the configuration says it


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a row; places are counted from 0."""

    separator: str
    width: int | None  # cells of a row; None when there is no header to count
    has_header: bool
    temperatures: tuple[Temperature, ...]
    sensor_id: str | None
    id_place: int | None
    unit_place: int | None
    time_place: int | None


def recognise(line: str, wanted: CsvFormat) -> Layout:
    """What the first line says, with what the configuration says.

    Raises:
        FrameError: reason `unclear_header`; the text names the key that would settle it.
    """
    candidates = [wanted.separator] if wanted.separator else [one for one in SEPARATORS if one in line] or [","]
    first_failure: FrameError | None = None
    layouts: list[Layout] = []
    for separator in candidates:
        try:
            layouts.append(_Columns(split(line, separator), wanted).layout(separator))
        except FrameError as exc:
            first_failure = first_failure or exc
    if len(layouts) == 1:
        return layouts[0]
    if layouts:
        raise _unclear("more than one separator would fit", "separator")
    assert first_failure is not None  # noqa: S101 - there is at least one candidate
    raise first_failure


def split(line: str, separator: str) -> list[str]:
    """The cells of a line, without the white space around them.

    Raises:
        FrameError: its quotes do not match.
    """
    try:
        cells = next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True), [])
    except csv.Error as exc:
        raise FrameError("bad_quotes", f"no CSV row: {exc}; a quoted cell must end on its line") from None
    return [cell.strip() for cell in cells]


class _Columns:
    """One line's cells, taken for a header."""

    def __init__(self, cells: list[str], wanted: CsvFormat) -> None:
        self._cells = cells
        self._names = [_plain(cell) for cell in cells]
        self._wanted = wanted

    def layout(self, separator: str) -> Layout:
        wanted = self._wanted
        temperatures = self._temperatures()
        id_place = self._place(wanted.id_column, ID_NAMES, "id_column")
        if id_place is None and wanted.sensor_id is None and (len(temperatures) == 1 or not self._is_header()):
            raise self._unclear("no column says which sensor a row belongs to", "id_column or sensor_id")
        return Layout(
            separator=separator,
            width=len(self._cells) if self._is_header() else None,
            has_header=self._is_header(),
            temperatures=temperatures,
            sensor_id=wanted.sensor_id,
            id_place=None if wanted.sensor_id is not None and wanted.id_column is None else id_place,
            unit_place=self._place(wanted.unit_column, set(UNIT_KEYS), "unit_column"),
            time_place=self._place(wanted.time_column, TIME_NAMES, "time_column"),
        )

    def _is_header(self) -> bool:
        """A header has the names that are configured, or no cell that is a number."""
        wanted = self._wanted
        columns = [*wanted.temperature_columns, wanted.id_column, wanted.unit_column, wanted.time_column]
        return any(isinstance(one, str) for one in columns) or not any(
            re.fullmatch(r"[+-]?[0-9][0-9.,:/T+Z -]*", cell) for cell in self._cells
        )

    def _temperatures(self) -> tuple[Temperature, ...]:
        wanted = self._wanted
        if wanted.temperature_columns:
            places = [self._named(one, "temperature_columns") for one in wanted.temperature_columns]
        else:
            places = [place for place, name in enumerate(self._names) if _unit(name) is not None]
            if not self._is_header():
                raise self._unclear("the first line is no header", "temperature_columns, such as [1],")
            if len(places) != 1:
                found = " and ".join(repr(self._cells[place]) for place in places) or "no column"
                raise self._unclear(f"{found} may be the temperature", "temperature_columns")
        return tuple(
            Temperature(
                place,
                self._cells[place] if self._is_header() else str(place),
                wanted.unit or (_unit(self._names[place]) if self._is_header() else None) or None,
            )
            for place in places
        )

    def _place(self, wanted: ColumnName | None, names: set[str], key: str) -> int | None:
        if wanted is not None:
            return self._named(wanted, key)
        places = [place for place, name in enumerate(self._names) if name in names]
        if len(places) > 1:
            found = " and ".join(repr(self._cells[place]) for place in places)
            raise self._unclear(f"{found} both fit", key)
        return places[0] if places else None

    def _named(self, wanted: ColumnName, key: str) -> int:
        if isinstance(wanted, int):
            if wanted < len(self._cells):
                return wanted
            raise self._unclear(f"there is no column {wanted}, counted from 0", key)
        places = [place for place, cell in enumerate(self._cells) if cell == wanted]
        if len(places) == 1:
            return places[0]
        raise self._unclear(f"{'no' if not places else 'more than one'} column is called {wanted!r}", key)

    def _unclear(self, what: str, key: str) -> FrameError:
        shown = ", ".join(self._cells)
        return _unclear(f"{what} (first line: {shown if len(shown) <= 100 else shown[:97] + '...'})", key)


def _unclear(what: str, key: str) -> FrameError:
    return FrameError("unclear_header", f"{what}: set {key}")


def _plain(cell: str) -> str:
    """`Temperature (°C)` as `temperature_c`."""
    return re.sub(r"[^a-z0-9]+", "_", cell.lower()).strip("_")


def _unit(name: str) -> str | None:
    """C, F or K when the name names a temperature; empty when it does so without a unit."""
    if name in UNIT_NAMES:
        return UNIT_NAMES[name]
    match = TEMPERATURE_NAME.fullmatch(name)
    if match is None:
        return None
    unit = match["unit"] or ""
    return UNIT_NAMES.get(unit, unit[-1:].upper())
