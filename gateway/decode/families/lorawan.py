"""LoRaWAN network servers: The Things Stack v3 and v2, ChirpStack v4 and v3. Only uplinks with a decoded payload.

Formats: thethingsindustries.com "data formats"; chirpstack.io "integrations: events".
"""

import base64
import json
from dataclasses import replace
from typing import Any

from gateway.decode.cayenne_lpp import decode_lpp
from gateway.decode.document import moment, parse
from gateway.decode.families.envelope import Part, member, nothing, text
from gateway.decode.json_tree import Place
from gateway.errors import FrameError

NO_CODEC = "no decoded payload: configure a payload formatter (codec) on the network server, or decoder = cayenne_lpp"
PAYLOADS = (("uplink_message", "frm_payload"), ("data",), ("payload_raw",))


def things_stack(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`v3/<application>/devices/<device>/up`."""
    uplink = member(document, "uplink_message")
    if member(document, "simulated") is True:
        raise nothing("a simulated uplink")
    for key in ("decoded_payload", "normalized_payload"):  # the second is the same in standard names
        if member(uplink, key):
            return [(member(uplink, key), owner(document, place))]
    raise FrameError("no_decoded_payload", NO_CODEC)


def things_network_v2(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`<application>/devices/<device>/up`, until 2021."""
    if not (fields := member(document, "payload_fields")):
        raise FrameError("no_decoded_payload", NO_CODEC)
    return [(fields, owner(document, place))]


def chirpstack(document: Any, place: Place, _levels: list[str]) -> list[Part]:
    """`application/<id>/device/<eui>/event/up`; `objectJSON` is how v3 carries the object by default."""
    decoded = member(document, "object")
    if decoded is None and isinstance(inner := member(document, "objectJSON"), str):
        decoded = parse(inner)
    if not decoded:
        raise FrameError("no_decoded_payload", NO_CODEC)
    return [(decoded, owner(document, place))]


def owner(document: Any, place: Place) -> Place:
    """The device's EUI and the moment at which the network received its message."""
    eui = (
        text(document, "end_device_ids", "dev_eui")
        or text(document, "deviceInfo", "devEui")
        or _hex_eui(text(document, "devEUI"))
        or text(document, "hardware_serial")
        or text(document, "end_device_ids", "device_id")
        or text(document, "dev_id")
    )
    times = (("uplink_message", "received_at"), ("received_at",), ("time",), ("metadata", "time"))
    at = next((read for path in times if (read := moment(member(document, *path))) is not None), None)
    return replace(place, device=eui or place.device, measured_at=at)


def _hex_eui(eui: str | None) -> str | None:
    """ChirpStack v3 writes an EUI as hex, or as base64 of its 8 bytes."""
    if eui is None or len(eui) != 12:
        return eui
    return payload_bytes(eui).hex()


def cayenne_lpp(document: Any, place: Place) -> list[Part]:
    """The raw payload of an uplink, which the configuration says is CayenneLPP.

    Raises:
        FrameError: there is no payload in it, or the payload is not CayenneLPP.
    """
    raw = next((read for path in PAYLOADS if (read := text(document, *path))), None)
    if raw is None:
        raise FrameError("no_temperature", "an uplink without a payload")
    return [(decode_lpp(payload_bytes(raw)), owner(document, place))]


def payload_bytes(written: str) -> bytes:
    """Bytes written as base64 or, when it has only such digits, as hex.

    Raises:
        FrameError: it is neither.
    """
    try:
        return bytes.fromhex(written)
    except ValueError:
        pass
    try:
        return base64.b64decode(written, validate=True)
    except ValueError:
        raise FrameError("bad_payload", f"{json.dumps(written[:40])} is neither hex nor base64") from None
