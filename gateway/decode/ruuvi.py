"""Ruuvi advertisements: data formats 5 (RAWv2), 6 (Ruuvi Air) and 3 (RAWv1), as docs.ruuvi.com defines them."""

from collections.abc import Iterator

from gateway.errors import FrameError

MANUFACTURER_DATA = 0xFF
RUUVI = b"\x99\x04"  # company 0x0499, little endian
INVALID = b"\x80\x00"
FORMAT_3, FORMAT_5, FORMAT_6 = 3, 5, 6


def find_ruuvi(raw: bytes) -> tuple[str | None, float]:
    """MAC (None where the format has none) and °C of a BLE advertisement, or of the data after the company's number.

    Raises:
        FrameError: it is no such advertisement, or the sensor has no temperature.
    """
    data = next(_ruuvi_data(raw), None)
    if data is None:
        raise FrameError("not_understood", "no advertisement of Ruuvi")
    if data[0] == FORMAT_5 and len(data) >= 24:
        return ":".join(f"{byte:02X}" for byte in data[18:24]), _steps(data[1:3])
    if data[0] == FORMAT_6 and len(data) >= 20:
        return None, _steps(data[1:3])
    if data[0] == FORMAT_3 and len(data) >= 14:
        size = (data[2] & 0x7F) + data[3] / 100  # sign and magnitude
        return None, -size if data[2] & 0x80 else size
    raise FrameError("not_understood", f"data format {data[0]} of Ruuvi, {len(data)} bytes")


def _steps(field: bytes) -> float:
    if field == INVALID:
        raise FrameError("sentinel", "0x8000: the tag has no temperature")
    return round(int.from_bytes(field, "big", signed=True) * 0.005, 3)


def _ruuvi_data(raw: bytes) -> Iterator[bytes]:
    """Walk the structures of an advertisement: length, type, data (Bluetooth Core, vol 3, part C, 11)."""
    place = 0
    while place + 1 < len(raw) and raw[place]:
        kind, data = raw[place + 1], raw[place + 2 : place + 1 + raw[place]]
        if kind == MANUFACTURER_DATA and data[:2] == RUUVI and len(data) > 2 and len(data) == raw[place] - 1:
            yield data[2:]
        place += 1 + raw[place]
