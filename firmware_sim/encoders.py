import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class LineFormat(StrEnum):
    """How a device writes one reading down."""

    ID_VALUE = "id-value"  # S1 70.25
    LABELLED = "labelled"  # sensor_id: S1, suhu: 70°C
    SHORT = "short"  # T=70.2C
    JSON = "json"  # {"sensor_id":"S1","suhu":70.25}
    NUMBER = "number"  # 70.25


NAMELESS = frozenset({LineFormat.SHORT, LineFormat.NUMBER})  # the text does not say which sensor it is from


@dataclass(frozen=True, slots=True)
class Printed:
    """A reading as text, without a line end, and the number that text really says."""

    text: str
    celsius: float


def encode(line_format: LineFormat, sensor_id: str, celsius: float, resolution_celsius: float) -> Printed:
    """Round to the sensor's resolution and print; `short` has one decimal whatever the resolution."""
    decimals = _decimals(resolution_celsius)
    stepped = round(celsius / resolution_celsius) * resolution_celsius
    number = f"{stepped:.{decimals}f}"
    match line_format:
        case LineFormat.ID_VALUE:
            text = f"{sensor_id} {number}"
        case LineFormat.LABELLED:
            shortest = number.rstrip("0").rstrip(".") if decimals else number
            text = f"sensor_id: {sensor_id}, suhu: {shortest}°C"
        case LineFormat.SHORT:
            number = f"{float(number):.1f}"
            text = f"T={number}C"
        case LineFormat.JSON:
            fields = {"sensor_id": sensor_id, "suhu": float(number)}
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        case LineFormat.NUMBER:
            text = number
    return Printed(text, float(number))


def _decimals(resolution_celsius: float) -> int:
    exponent = Decimal(str(resolution_celsius)).normalize().as_tuple().exponent
    return max(0, -int(exponent))
