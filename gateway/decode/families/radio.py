"""Receivers of radio sensors: rtl_433, Theengs and OpenMQTTGateway, Meshtastic, Ruuvi Gateway."""

import re
from dataclasses import replace
from typing import Any

from gateway.decode.document import moment
from gateway.decode.families.envelope import Part, nothing, text
from gateway.decode.json_tree import Place
from gateway.decode.ruuvi import find_ruuvi
from gateway.errors import FrameError

MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:?){6}")
RTL_IDENTITY = ("model", "subtype", "id", "channel")


def rtl_433(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """One event. Its id is a small number that changes with the battery: model, id and channel are the sensor."""
    if not isinstance(document, dict) or "model" not in document:
        raise nothing("an event without a model")
    device = "/".join(one for key in RTL_IDENTITY if (one := text(document, key)) is not None)
    at = moment(document.get("time"), seconds=True)
    node = {key: value for key, value in document.items() if key not in {*RTL_IDENTITY, "time"}}
    return [(node, replace(place, device=device, measured_at=at))]


def theengs(document: Any, place: Place, levels: list[str]) -> list[Part]:
    """`…/BTtoMQTT/<MAC>`: `tempc` and its twin `tempf`, `tempc1` to `tempc6` of a barbecue thermometer."""
    if not isinstance(document, dict):
        raise nothing("no object")
    mac = levels[-1] if MAC.fullmatch(levels[-1]) else text(document, "id") or text(document, "mac") or place.device
    node = {key: value for key, value in document.items() if key not in {"id", "name", "device", "mac", "type"}}
    return [(node, replace(place, device=mac))]


def meshtastic(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`msh/…/json/…`: `from` is the node that measured, `sender` and the topic are the one that passed it on."""
    if not isinstance(document, dict) or document.get("type") != "telemetry":
        raise nothing("no telemetry")
    origin = text(document, "from")
    if origin is None:
        raise FrameError("bad_sensor_id", "telemetry without `from`")
    at = moment(document.get("timestamp"), seconds=True)
    return [(document.get("payload"), replace(place, device=origin, measured_at=at))]


def ruuvi(document: Any, place: Place, levels: list[str]) -> list[Part]:
    """`ruuvi/<gateway>/<tag>`: the advertisement as hex in `data`."""
    data = text(document, "data")
    if data is None:
        raise nothing("no advertisement")
    try:
        raw = bytes.fromhex(data)
    except ValueError:
        raise FrameError("bad_payload", "the key data is not hex") from None
    mac, celsius = find_ruuvi(raw)
    at = moment(document.get("ts"), seconds=True)
    return [({"celsius": celsius}, replace(place, device=mac or levels[-1], measured_at=at))]
