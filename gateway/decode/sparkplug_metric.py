"""Sparkplug B payloads: the metrics in the bytes, as sparkplug_b.proto and the specification 3.0 define them."""

from dataclasses import dataclass, replace

from gateway.decode.protobuf import BYTES, FIXED32, FIXED64, VARINT, fields, float32, float64, signed
from gateway.errors import FrameError

# Numbers of the fields, from sparkplug_b.proto.
PAYLOAD_TIMESTAMP, PAYLOAD_METRICS, PAYLOAD_UUID = 1, 2, 5
INT, LONG, FLOAT, DOUBLE, BOOLEAN = 10, 11, 12, 13, 14
PROPERTY_KEYS, PROPERTY_VALUES = 1, 2
PROPERTY_INT, PROPERTY_STRING = 3, 8
WIDTHS = {1: 8, 2: 16, 3: 32, 4: 64}  # Int8 to Int64, carried as unsigned in two's complement
UNSIGNED = {5: 8, 6: 16, 7: 32, 8: 64}
FLOATS = {9, 10}
UNIT_PROPERTIES = ("engunit", "unit", "units", "engineeringunits", "engunits")
GOOD = 192  # of the property Quality; 0 is bad and 500 stale
MAX_METRICS = 10_000


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload."""

    name: str | None = None
    alias: int | None = None
    timestamp_ms: int | None = None
    datatype: int | None = None
    unit: str | None = None
    quality: int | None = None
    is_historical: bool = False
    is_null: bool = False
    raw: float | int | None = None  # as carried: an integer is not yet signed
    is_float: bool = False

    def value(self, datatype: int | None) -> float | None:
        """The number, None when the metric is none.

        Args:
            datatype: of this message or of the birth; without it an integer's sign is unknown.

        Raises:
            FrameError: it is an integer of unknown type.
        """
        if self.raw is None:
            return None
        if self.is_float:
            return float(self.raw) if datatype is None or datatype in FLOATS else None
        if datatype is None:
            raise FrameError("no_datatype", "an integer without datatype before a birth: its sign is unknown")
        if datatype in WIDTHS:
            return float(signed(int(self.raw), WIDTHS[datatype]))
        return float(int(self.raw) & ((1 << UNSIGNED[datatype]) - 1)) if datatype in UNSIGNED else None


def read_metrics(payload: bytes) -> list[Metric]:
    """The metrics of a payload, in their order.

    Raises:
        FrameError: it is no Sparkplug B payload, or one whose body is compressed.
    """
    metrics: list[Metric] = []
    sent_at: int | None = None
    for number, kind, value in fields(payload):
        if number == PAYLOAD_TIMESTAMP and isinstance(value, int):
            sent_at = value
        elif number == PAYLOAD_UUID and isinstance(value, bytes) and b"COMPRESSED" in value:
            raise FrameError("compressed", "a compressed Sparkplug payload is not read")
        elif number == PAYLOAD_METRICS and kind == BYTES and isinstance(value, bytes):
            if len(metrics) >= MAX_METRICS:
                raise FrameError("too_many", f"more than {MAX_METRICS} metrics")
            metrics.append(_metric(value))
    # What was stored while the link was down was not measured when it was sent.
    return [one if one.timestamp_ms or one.is_historical else replace(one, timestamp_ms=sent_at) for one in metrics]


def _metric(message: bytes) -> Metric:
    metric = Metric()
    for number, kind, value in fields(message):
        match (number, value):
            case (1, bytes()):
                metric = replace(metric, name=_text(value))
            case (2, int()):
                metric = replace(metric, alias=value)
            case (3, int()):
                metric = replace(metric, timestamp_ms=value)
            case (4, int()):
                metric = replace(metric, datatype=value)
            case (5, int()):
                metric = replace(metric, is_historical=bool(value))
            case (7, int()):
                metric = replace(metric, is_null=bool(value))
            case (9, bytes()):
                metric = _with_properties(metric, value)
            case _:
                metric = _with_value(metric, number, kind, value)
    return metric


def _with_value(metric: Metric, number: int, kind: int, value: int | bytes) -> Metric:
    if number in {INT, LONG} and kind == VARINT:
        return replace(metric, raw=int.from_bytes(value, "big") if isinstance(value, bytes) else value, is_float=False)
    if number == FLOAT and kind == FIXED32:
        return replace(metric, raw=float32(value), is_float=True)
    if number == DOUBLE and kind == FIXED64:
        return replace(metric, raw=float64(value), is_float=True)
    return metric


def _with_properties(metric: Metric, message: bytes) -> Metric:
    keys: list[str] = []
    values: list[bytes] = []
    for number, kind, value in fields(message):
        if kind == BYTES and isinstance(value, bytes):
            if number == PROPERTY_KEYS:
                keys.append(_text(value).replace(" ", "").lower())
            elif number == PROPERTY_VALUES:
                values.append(value)
    for key, inner in zip(keys, values, strict=False):
        for number, _, value in fields(inner):
            if key in UNIT_PROPERTIES and number == PROPERTY_STRING and isinstance(value, bytes):
                metric = replace(metric, unit=_text(value))
            if key == "quality" and number == PROPERTY_INT and isinstance(value, int):
                metric = replace(metric, quality=value)
    return metric


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise FrameError("bad_protobuf", "a name that is not UTF-8") from None
