"""Cloud brokers: AWS IoT shadows, Azure IoT Hub twins, ThingsBoard telemetry, Cayenne (myDevices)."""

import re
from dataclasses import replace
from typing import Any

from gateway.decode.document import moment
from gateway.decode.families.envelope import Part, member, nothing
from gateway.decode.found import NUMBER
from gateway.decode.json_tree import Place
from gateway.errors import FrameError

CAYENNE = re.compile(rf"(?P<type>[a-z_]+),(?P<unit>[a-z0-9_%]+)=(?P<value>{NUMBER})", re.IGNORECASE)


def aws_shadow(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`$aws/things/<thing>/shadow/update`: what was reported; `desired` is a command."""
    reported = member(document, "state", "reported")
    if not isinstance(reported, dict):
        raise nothing("a shadow without state.reported")
    return [(reported, replace(place, measured_at=moment(member(document, "timestamp"), seconds=True)))]


def azure_twin(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`$iothub/twin/PATCH/properties/reported/`: its `$version` is no reading."""
    return [(document, place)]


def thingsboard(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`v1/devices/me/telemetry`: an object, `{"ts": ms, "values": {…}}`, or a list of those."""
    return [_row(row, place) for row in (document if isinstance(document, list) else [document])]


def thingsboard_gateway(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`v1/gateway/telemetry`: such lists by device name."""
    if not isinstance(document, dict):
        raise nothing("no object of devices")
    return [
        _row(row, replace(place, device=device))
        for device, rows in document.items()
        for row in (rows if isinstance(rows, list) else [rows])
    ]


def _row(row: Any, place: Place) -> Part:
    if isinstance(row, dict) and isinstance(row.get("values"), dict):
        return row["values"], replace(place, measured_at=moment(row.get("ts")))
    return row, place


def cayenne_json(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`v1/<user>/things/<client>/data/json`: `[{"channel": 0, "value": 23.5, "type": "temp", "unit": "c"}]`."""
    rows = document if isinstance(document, list) else [document]
    parts: list[Part] = []
    for row in rows:
        if member(row, "type") == "temp" and member(row, "unit") in {"c", "f", "k"}:
            device = f"{place.device.removesuffix('/json')}/{row.get('channel')}"
            node = {"value": row.get("value")}
            parts.append((node, replace(place, device=device, unit=str(row["unit"]).upper(), kind="temperature")))
    return parts


def cayenne_text(text: str) -> tuple[str, str]:
    """The number and unit in `temp,c=29.3`.

    Raises:
        FrameError: it is of another type, or none is given.
    """
    match = CAYENNE.fullmatch(text)
    if match is None:
        raise FrameError("not_understood", "no `type,unit=value`")
    if match["type"] != "temp" or match["unit"] not in {"c", "f", "k"}:
        raise FrameError("no_temperature", f"{match['type']},{match['unit']} is no temperature")
    return match["value"], match["unit"].upper()
