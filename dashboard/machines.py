import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dashboard.errors import ConfigError

WARNING_ABOVE_CELSIUS, CRITICAL_ABOVE_CELSIUS = 70.0, 80.0  # where a machine has no limit of its own
REQUIRED = ("sensor_id", "machine")
COLUMNS = (*REQUIRED, "warning_above_celsius", "critical_above_celsius")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a sensor is mounted on."""

    name: str
    warning_above_celsius: float = WARNING_ABOVE_CELSIUS
    critical_above_celsius: float = CRITICAL_ABOVE_CELSIUS

    def level(self, celsius: float) -> str:
        """How a temperature is to be taken; a limit itself is not above it."""
        if celsius > self.critical_above_celsius:
            return "critical"
        return "warning" if celsius > self.warning_above_celsius else "normal"


Machines = Mapping[str, Machine]  # by sensor_id


def read_machines(path: Path) -> Machines:
    """Read a machines file, as the Spark pipeline takes it.

    Raises:
        ConfigError: it is not there or not right; with the line and what to do.
    """
    try:
        text = path.read_text("utf-8-sig")  # spreadsheets put a byte order mark in front
    except OSError as exc:
        raise ConfigError(f"--machines {path}: {exc.strerror}: put the file there, or name another one") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"--machines {path}: not UTF-8: save the file with the encoding UTF-8") from exc
    semicolons = ";" in text.lstrip().partition("\n")[0]  # of a spreadsheet that also writes decimal commas
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if semicolons else ",", strict=True)
    machines: dict[str, Machine] = {}
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        if missing := [name for name in REQUIRED if name not in names]:
            raise ConfigError(f"--machines {path}: no column {missing[0]}: write the header {','.join(COLUMNS)}")
        reader.fieldnames = names
        for row in reader:
            place = f"--machines {path}:{reader.line_num}"
            sensor_id, machine = _machine(row, place, decimal_commas=semicolons)
            if sensor_id in machines:
                raise ConfigError(f"{place}: {sensor_id!r} is there twice: remove one of them")
            machines[sensor_id] = machine
    except csv.Error as exc:
        raise ConfigError(f"--machines {path}:{reader.line_num}: not CSV ({exc}): look for a quotation mark") from exc
    return machines


def _machine(row: Mapping[str | None, str | None], place: str, *, decimal_commas: bool) -> tuple[str, Machine]:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if row.get(None):
        raise ConfigError(f"{place}: more cells than columns: put a name with a comma in it into quotation marks")
    for name in REQUIRED:
        if not cells[name]:
            raise ConfigError(f"{place}: {name} is empty: fill it in, or remove the line")
    limits = []
    for name, otherwise in zip(COLUMNS[2:], (WARNING_ABOVE_CELSIUS, CRITICAL_ABOVE_CELSIUS), strict=True):
        cell = cells[name].replace(",", ".") if decimal_commas else cells[name]
        try:
            limits.append(float(cell) if cell else otherwise)
        except ValueError:
            limits.append(math.nan)
        if not math.isfinite(limits[-1]):
            raise ConfigError(f"{place}: {name} {cells[name]!r} is no temperature: write 75.5, or nothing")
    return cells["sensor_id"], Machine(cells["machine"], *limits)
