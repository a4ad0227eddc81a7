"""One frame (a serial line or an MQTT payload) to temperatures."""

import re

from gateway.decode.found import Found
from gateway.decode.json_text import decode_json
from gateway.decode.plain_text import decode_text
from gateway.errors import FrameError

MAX_PAYLOAD_BYTES = 65_536  # no thermometer needs more; bounds what a broken publisher can cost

# NUL, XON, XOFF and a byte order mark may stand anywhere; ESC starts colour codes. Other control characters are noise.
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
BETWEEN = re.compile(r"[\x00\x11\x13\ufeff]")
AROUND = " \t\r\n\x02\x03"  # STX and ETX frame the lines of many instruments
CONTROLS = re.compile(r"[\x01-\x08\x0b-\x1f\x7f]")
# The degree sign in Latin-1, as a masculine ordinal, in the displays' character set and in code page 437.
DEGREE_BYTE = re.compile(rb"[\xb0\xba\xdf\xf8](?=\s?[CcFf](?![0-9A-Za-z]))")


def decode_payload(raw: bytes, name: str, configured_id: str | None = None) -> list[Found]:
    """The temperatures in one frame, in its order; at least one.

    Args:
        raw: the frame without its line end.
        name: the id of a labelled temperature that names no sensor (`T=70.2C`), such as the port's name.
        configured_id: the id that the configuration gives this line or topic; only with it is a
            bare number a temperature.

    Raises:
        FrameError: nothing in it is a temperature beyond doubt.
    """
    if len(raw) > MAX_PAYLOAD_BYTES:
        raise FrameError("too_large", f"{len(raw)} bytes; the limit is {MAX_PAYLOAD_BYTES}")
    text = clean_text(raw)
    if not text:
        raise FrameError("empty", "nothing but white space")
    if text[0] in "{[":
        return decode_json(text, configured_id or name)
    return decode_text(text, name, configured_id)


def clean_text(raw: bytes) -> str:
    """The text of a frame without colours, control characters and outer white space.

    Raises:
        FrameError: it is not text.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        try:
            text = DEGREE_BYTE.sub("°".encode(), raw).decode()
        except UnicodeDecodeError:
            raise FrameError(
                "not_text", "bytes that are neither UTF-8 nor a degree sign: noise, or a wrong baudrate"
            ) from None
    if not text.isprintable():  # nearly every frame is, and this is the cheapest way to see it
        text = BETWEEN.sub("", ANSI_COLOUR.sub("", text)).strip(AROUND)
        if CONTROLS.search(text) is not None:
            raise FrameError("not_text", "control characters inside: noise, or a wrong baudrate")
    return text.strip()
