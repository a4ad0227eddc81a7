"""Lines of columns whose meaning the configuration says: `HMP;000146;22.27;30.31;FF`."""

import re

from gateway.decode.checksums import crc16_ccitt
from gateway.decode.device import Column, Device
from gateway.decode.found import COMMA_NUMBER, NUMBER, Found, attempted, reading
from gateway.decode.text_fields import UNIT_AFTER
from gateway.errors import FrameError

FIELD = {
    decimal: re.compile(rf"(?P<value>{pattern})(?P<unit>{UNIT_AFTER})?")
    for decimal, pattern in ((".", NUMBER), (",", COMMA_NUMBER))
}
CC3000_CRC = re.compile(r",!(?P<crc>[0-9A-F]{4})$")


def decode_csv(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The columns that `device.columns` names; a header or a status line is refused."""
    if (check := CC3000_CRC.search(text)) is not None and crc16_ccitt(text[: check.start() + 1].encode()) != int(
        check["crc"], 16
    ):
        raise FrameError("bad_checksum", f"the CRC {check['crc']} at the end does not fit")
    fields = [field.strip().strip('"').strip() for field in text.split(device.sep)]
    row_id = _row_id(fields, device)
    several = len(device.columns) > 1

    def column_reading(place: int, column: Column) -> Found:
        if place >= len(fields):
            raise FrameError("too_few_columns", f"{len(fields)} columns, and column {place} is to be a temperature")
        value, unit = _value(fields[place], device)
        sensor_id = column.id or row_id or base
        if several and column.id is None:
            sensor_id = f"{sensor_id}/{place}"
        scale = device.scale if column.scale == 1.0 else column.scale
        return reading(sensor_id, value, unit or column.unit, "csv", scale=scale, invalid=device.invalid)

    return [attempted(column_reading, place, column) for place, column in device.columns.items()]


def _row_id(fields: list[str], device: Device) -> str | None:
    if device.id_column is None:
        return None
    if device.id_column >= len(fields) or not fields[device.id_column]:
        raise FrameError("bad_sensor_id", f"column {device.id_column} is to be the sensor's id, and is empty")
    return fields[device.id_column]


def _value(field: str, device: Device) -> tuple[float, str | None]:
    match = FIELD[device.decimal or "."].fullmatch(field)
    if match is None:
        raise FrameError("bad_number", f"{field[:40]!r} is no number with an optional temperature unit")
    return float(match["value"].replace(",", ".")), match["unit"]
