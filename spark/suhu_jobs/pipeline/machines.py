import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suhu_jobs.errors import ConfigError
from suhu_jobs.events import EventLog
from suhu_jobs.schema import CRITICAL_ABOVE, MACHINE, MAX_SENSOR_ID_CHARS, SENSOR_ID, WARNING_ABOVE

REQUIRED = (SENSOR_ID, MACHINE)
COLUMNS = (*REQUIRED, WARNING_ABOVE, CRITICAL_ABOVE)
MAX_MACHINE_CHARS = 200

Stamp = tuple[int, int, int]  # what changes when a file does: inode, size, time of the last change


@dataclass(frozen=True, slots=True)
class Machine:
    """What a sensor is mounted on; a row of machines.csv."""

    sensor_id: str
    name: str
    warning_above_celsius: float | None  # None: as for every other machine
    critical_above_celsius: float | None


class MachinesFile:
    """machines.csv, read again when it has changed; what is wrong with it never stops the stream."""

    def __init__(self, path: Path, log: EventLog) -> None:
        """Read it for the first time.

        Raises:
            ConfigError: it is not there or not right.
        """
        self._path = path
        self._log = log
        self._stamp = _stamp(path)
        self._machines = read_machines(path)
        log("machines read", file=path, machines=len(self._machines))

    def current(self) -> tuple[Machine, ...]:
        """The machines of the file as it was when it last was right."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._machines = read_machines(self._path)
            except ConfigError as exc:
                self._log("machines kept", error=exc)
            else:
                self._log("machines read", file=self._path, machines=len(self._machines))
        return self._machines


def read_machines(path: Path) -> tuple[Machine, ...]:
    """Read a machines file.

    Raises:
        ConfigError: it is not there or not right.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}: put the file there, or give another one with --machines") from exc
    return parse_machines(data, str(path))


def parse_machines(data: bytes, place: str) -> tuple[Machine, ...]:
    """Read the rows of a machines file: UTF-8, a header, commas, or semicolons and then decimal commas too.

    Raises:
        ConfigError: with place, line, what is wrong and what to do.
    """
    text = _decode(data, place)
    semicolons = ";" in text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",", strict=True)
    machines: dict[str, Machine] = {}
    lines: dict[str, int] = {}
    header: list[str] | None = None
    for line, cells in _rows(reader, place):
        if header is None:
            header = _header(cells, f"{place}:{line}")
            continue
        machine = _machine(header, cells, f"{place}:{line}", decimal_commas=semicolons)
        if machine.sensor_id in machines:
            first = lines[machine.sensor_id]
            raise ConfigError(f"{place}:{line}: {machine.sensor_id!r} is in line {first} already: remove one of them")
        machines[machine.sensor_id], lines[machine.sensor_id] = machine, line
    if header is None:
        raise ConfigError(f"{place}:1: the file is empty: its first line must be {','.join(COLUMNS)}")
    return tuple(machines.values())


def _rows(reader: Any, place: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with something in them, each with the line it ends in; the type of a `csv.reader` has no name."""
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield reader.line_num, cells
    except csv.Error as exc:
        raise ConfigError(f"{place}:{reader.line_num}: not CSV ({exc}): look for a quotation mark too many") from exc


def _header(cells: list[str], place: str) -> list[str]:
    for name in REQUIRED:
        if name not in cells:
            raise ConfigError(f"{place}: the column {name} is missing: write the header {','.join(COLUMNS)}")
    for name in cells:
        if name not in COLUMNS:
            raise ConfigError(f"{place}: unknown column {name!r}: there are {', '.join(COLUMNS)}")
        if cells.count(name) > 1:
            raise ConfigError(f"{place}: the column {name} is there twice: remove one of them")
    return cells


def _machine(header: list[str], cells: list[str], place: str, *, decimal_commas: bool) -> Machine:
    if len(cells) != len(header):
        remedy = "put a name with a comma in it into quotation marks"
        raise ConfigError(f"{place}: {len(cells)} cells under {len(header)} columns: {remedy}")
    row = dict(zip(header, cells, strict=True))
    machine = Machine(
        sensor_id=_text(row, SENSOR_ID, MAX_SENSOR_ID_CHARS, place),
        name=_text(row, MACHINE, MAX_MACHINE_CHARS, place),
        warning_above_celsius=_celsius(row, WARNING_ABOVE, place, decimal_commas=decimal_commas),
        critical_above_celsius=_celsius(row, CRITICAL_ABOVE, place, decimal_commas=decimal_commas),
    )
    warning, critical = machine.warning_above_celsius, machine.critical_above_celsius
    if warning is not None and critical is not None and warning > critical:
        remedy = "a reading passes the warning limit first, so exchange them"
        raise ConfigError(f"{place}: {WARNING_ABOVE} {warning:g} is above {CRITICAL_ABOVE} {critical:g}: {remedy}")
    return machine


def _text(row: Mapping[str, str], column: str, max_chars: int, place: str) -> str:
    if not row[column]:
        raise ConfigError(f"{place}: {column} is empty: fill it in, or remove the line")
    if len(row[column]) > max_chars:
        raise ConfigError(f"{place}: {column} has {len(row[column])} characters: shorten it to {max_chars}")
    return row[column]


def _celsius(row: Mapping[str, str], column: str, place: str, *, decimal_commas: bool) -> float | None:
    text = row.get(column, "")
    if not text:
        return None
    try:
        celsius = float(text.replace(",", ".") if decimal_commas else text)
    except ValueError:
        celsius = math.nan
    if not math.isfinite(celsius):
        raise ConfigError(f"{place}: {column} {text!r} is no temperature: write a number like 75.5, or nothing")
    return celsius


def _decode(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets put a byte order mark in front
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise ConfigError(f"{place}:{line}: not UTF-8: save the file with the encoding UTF-8") from exc


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
