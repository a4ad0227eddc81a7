"""OpenTherm Gateway: `B40192D33`, the sender and a 32-bit frame of OpenTherm 2.2."""

import re

from gateway.decode.found import Found, reading
from gateway.errors import FrameError

MESSAGE = re.compile(r"(?P<sender>[TBRAE])(?P<frame>[0-9A-F]{8})")
READ_ACK, WRITE_DATA = 4, 1
# Data ids that are measured temperatures (specification 2.2, 5.3); set points and limits are not among them.
FROM_BOILER = {
    25: "Tboiler", 26: "Tdhw", 27: "Toutside", 28: "Tret", 29: "Tstorage", 30: "Tcollector", 31: "TflowCH2",
    32: "Tdhw2", 33: "Texhaust", 34: "TboilerHeatExchanger",
}  # fmt: skip
FROM_THERMOSTAT = {24: "Tr", 37: "TrCH2"}  # a room thermostat writes what it measures
WHOLE_DEGREES = {33}  # s16; all others are f8.8


def decode_opentherm(text: str, base: str) -> list[Found | FrameError]:
    """The temperature of one message: what the boiler answers and what the thermostat writes.

    Requests carry no value, and R and A are frames that the gateway changed.
    """
    match = MESSAGE.fullmatch(text)
    if match is None:
        raise FrameError("not_a_reading", f"{text[:40]!r} is no sender with 8 hexadecimal digits")
    frame = int(match["frame"], 16)
    if frame.bit_count() % 2:
        raise FrameError("bad_checksum", "the frame's parity is odd")
    kind, data_id, data = frame >> 28 & 7, frame >> 16 & 0xFF, frame & 0xFFFF
    names = {("B", READ_ACK): FROM_BOILER, ("T", WRITE_DATA): FROM_THERMOSTAT}.get((match["sender"], kind), {})
    if data_id not in names:
        raise FrameError("no_temperature", f"message type {kind} with data id {data_id} is no measured temperature")
    signed = data - 0x1_0000 if data & 0x8000 else data
    celsius = float(signed) if data_id in WHOLE_DEGREES else signed / 256
    return [reading(f"{base}/{names[data_id]}", celsius, "C", "opentherm")]
