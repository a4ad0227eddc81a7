"""Plant software: Kepware IoT Gateway, OPC UA PubSub and OPC Publisher, Victron Venus OS, printers, Domoticz, weewx."""

from dataclasses import replace
from typing import Any

from gateway.decode.families.envelope import Part, member, nothing, text
from gateway.decode.json_tree import Place
from gateway.decode.quantity import denies, measured

WEEWX_US = 1.0  # weewx `usUnits`: 1 is °F, 16 and 17 are °C
DOMOTICZ_TEMPERATURES = ("Temp", "Temp + Humidity", "Temp + Humidity + Baro", "Temp + Baro")
EMPTY_CHAMBER = 5.0  # Bambu printers without a chamber sensor report it


def is_opc(document: Any) -> bool:
    """Whether it has the shape of OPC Publisher's samples or of a PubSub message."""
    first = document[0] if isinstance(document, list) and document else document
    return isinstance(first, dict) and (
        ("NodeId" in first and "Value" in first) or ("Messages" in first and "MessageType" in first)
    )


def opc_samples(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """OPC Publisher's samples: node ids with a data value; its PubSub messages: a data set by writer."""
    parts: list[Part] = []
    for sample in document if isinstance(document, list) else [document]:
        if isinstance(messages := member(sample, "Messages"), list):
            if member(sample, "MessageType") != "ua-data":
                continue
            parts += [(member(one, "Payload"), place) for one in messages]
        elif (node := text(sample, "NodeId")) is not None:
            display = text(sample, "DisplayName")
            named = display if display is not None and measured(node) is None else None  # `ns=2;i=1234` names nothing
            at = place if named is None else replace(place, path=(*place.path, node))
            parts.append(({named or node: member(sample, "Value")}, at))
        else:
            parts.append((sample, place))
    return parts


def victron(document: Any, place: Place, levels: list[str]) -> list[Part]:
    """`N/<portal>/<service>/<instance>/…`: `{"value": …}` in °C; null when the device is gone."""
    named = measured(levels[-1])
    if len(levels) < 5 or levels[2] == "settings" or named is None or any(denies(level) for level in levels[4:-1]):
        raise nothing(f"{levels[-1]!r} is no measured temperature")
    value = member(document, "value")
    if value is None:
        raise nothing("null: the device is not there")
    service = [] if levels[2] == "temperature" else [levels[2]]
    channel = [named.channel] if named.channel else []
    device = "/".join([levels[1], *service, levels[3], *channel])
    return [({"value": value}, replace(place, device=device, kind="temperature"))]


def bambu(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`device/<serial>/report`: `nozzle_temper`, `bed_temper`, `chamber_temper`."""
    report = member(document, "print")
    if not isinstance(report, dict):
        raise nothing("no print report")
    node = {key: value for key, value in report.items() if key.endswith("_temper")}
    if node.get("chamber_temper") == EMPTY_CHAMBER:
        del node["chamber_temper"]
    return [(node, place)]


def domoticz(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`domoticz/out`: the first value of the types with a temperature, always °C. `idx` is its row in the database."""
    if member(document, "dtype") not in DOMOTICZ_TEMPERATURES:
        raise nothing(f"a device of type {member(document, 'dtype')!r}")
    ids = [one for key in ("idx", "id") if (one := text(document, key)) is not None]
    node = {"value": member(document, "svalue1")}
    return [(node, replace(place, device="/".join([place.device, *ids]), kind="temperature"))]


def weewx(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`weather/loop`: every value as text; the unit in the key, else in `usUnits`."""
    system = member(document, "usUnits")
    imperial = isinstance(system, str | int | float) and str(system) in {"1", "1.0"}
    return [(document, replace(place, unit="F" if imperial else place.unit))]
