"""Shelly: `info` and `ext_temperatures` of the first generation, status and notifications of the second.

Formats: shelly-api-docs.shelly.cloud, gen1 (MQTT) and gen2 (components Temperature, Switch, Thermostat, BluTrv).
"""

from dataclasses import replace
from typing import Any

from gateway.decode.document import moment
from gateway.decode.families.envelope import Part, member, nothing, text
from gateway.decode.json_tree import Place
from gateway.decode.profile import SHELLY, SHELLY_PROBE

FIRST_ADD_ON = 100  # components from this number on are probes of the sensor add-on


def gen1(document: Any, place: Place, levels: list[str]) -> list[Part]:
    """`shellies/<id>/info`: the chip or the sensor itself, probes, thermostats."""
    inside = replace(place, profile=SHELLY, kind="temperature")
    parts: list[Part] = []
    if isinstance(own := member(document, "tmp"), dict):
        parts.append((own, inside))
    probes = document if levels[-1] == "ext_temperatures" else member(document, "ext_temperature")
    for number, probe in (probes if isinstance(probes, dict) else {}).items():
        at = replace(inside, device=f"{place.device}/{number}", profile=SHELLY_PROBE)
        parts += [(_without(probe, "hwID"), at)]
    thermostats = member(document, "thermostats")
    for thermostat in thermostats if isinstance(thermostats, list) else []:
        parts.append((member(thermostat, "tmp"), inside))
    return parts


def rpc(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`<id>/events/rpc`: NotifyStatus and NotifyFullStatus, every component that is in them."""
    if member(document, "method") not in {"NotifyStatus", "NotifyFullStatus"}:
        raise nothing("an event, not a status")
    params = member(document, "params")
    if not isinstance(params, dict):
        raise nothing("a notification without params")
    place = replace(place, measured_at=moment(params.get("ts"), seconds=True))
    return [part for name, status in params.items() for part in _component(status, place, name)]


def answer(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`<asker>/rpc`: what a device answered to Shelly.GetStatus or to one component's GetStatus."""
    result, device = member(document, "result"), text(document, "src")
    if not isinstance(result, dict) or device is None:
        raise nothing("no answer of a device")
    place = replace(place, device=device)
    if "tC" in result:
        return _component(result, place, f"temperature:{result.get('id')}")
    return [part for name, status in result.items() for part in _component(status, place, name)]


def status(document: Any, place: Place, levels: list[str]) -> list[Part]:
    """`<id>/status/<component>`: one component."""
    return _component(document, place, levels[-1])


def _component(document: Any, place: Place, name: str) -> list[Part]:
    if not isinstance(document, dict) or ":" not in name:
        return []
    kind, _, number = name.partition(":")
    probe = kind == "temperature" and number.isdigit() and int(number) >= FIRST_ADD_ON
    place = replace(
        place, device=f"{place.device}/{name}", profile=SHELLY_PROBE if probe else SHELLY, kind="temperature"
    )
    errors = {"errors": document.get("errors")}
    if kind == "temperature":
        return [(_picked(document, tC="tC", tF="tF") | errors, place)]
    if kind in {"thermostat", "blutrv", "trv"}:
        return [(_picked(document, current_C="tC", current_F="tF") | errors, place)]
    inner = document.get("temperature")
    return [(_picked(inner, tC="tC", tF="tF") | errors, place)] if isinstance(inner, dict) else []


def _picked(document: dict[str, Any], **names: str) -> dict[str, Any]:
    return {new: document[old] for old, new in names.items() if old in document}


def _without(document: Any, key: str) -> Any:
    return {name: value for name, value in document.items() if name != key} if isinstance(document, dict) else document
