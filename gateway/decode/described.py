"""Messages in a format that only the configuration names."""

from gateway.decode.cayenne_lpp import decode_lpp
from gateway.decode.configured import decode_tags
from gateway.decode.device import Device
from gateway.decode.document import parse
from gateway.decode.families import lorawan, radio
from gateway.decode.families.envelope import Part
from gateway.decode.found import Decoded, Found
from gateway.decode.json_text import settled
from gateway.decode.json_tree import Harvest, Place, harvest
from gateway.decode.port import PortDecoder
from gateway.decode.senml import decode_senml
from gateway.errors import FrameError

JSON_STARTS = b"{["
PADDING = " \t\r\n\0\ufeff"


def decode_described(payload: bytes, device: Device, place: Place, levels: list[str]) -> Decoded:
    """What a message of a described device says.

    Raises:
        FrameError: nothing in it is a temperature.
    """
    match device.decoder:
        case "tag_list":
            return Decoded(decode_tags(parse(text_of(payload).strip(PADDING)), device), [])
        case "senml":
            return Decoded(decode_senml(parse(text_of(payload).strip(PADDING))), [])
        case "ruuvi_df5":
            parts = radio.ruuvi(parse(text_of(payload).strip(PADDING)), place, levels)
        case "cayenne_lpp":
            parts = _cayenne_lpp(payload, place)
        case _:  # a line of text, as on a serial port
            port = PortDecoder(device, place.device)
            port.reset(partial=False)
            fed, ended = port.feed(payload + (device.terminator or "\n").encode()), port.end()
            return Decoded(fed.found + ended.found, fed.refused + ended.refused)
    return Decoded(_found(parts, device.decoder), [])


def _cayenne_lpp(payload: bytes, place: Place) -> list[Part]:
    """In the message of a network server, as hex or base64 text, or bare."""
    try:
        text = payload.decode("ascii").strip(PADDING)
    except UnicodeDecodeError:
        return [(decode_lpp(payload), place)]
    if text.startswith("{"):
        return lorawan.cayenne_lpp(parse(text), place)
    raw = payload if not text.isprintable() else lorawan.payload_bytes(text)
    return [(decode_lpp(raw), place)]


def _found(parts: list[Part], rule: str) -> list[Found]:
    collected = Harvest()
    for part, inside in parts:
        harvest(part, inside, collected)
    return settled(collected, rule)


def text_of(payload: bytes) -> str:
    """The text of a payload; JSON must be UTF-8, in bare text a Latin-1 degree sign is common.

    Raises:
        FrameError: it is not text.
    """
    try:
        return payload.decode()
    except UnicodeDecodeError:
        pass
    try:
        if payload[:1] not in JSON_STARTS:
            return payload.replace(b"\xb0", b"\xc2\xb0").decode()
    except UnicodeDecodeError:
        pass
    raise FrameError("not_text", "bytes that are not UTF-8")
