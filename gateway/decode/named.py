"""The decoders that a user names for lines, by the key `decoder`."""

from gateway.decode.csv_line import decode_csv
from gateway.decode.device import Device
from gateway.decode.found import Found
from gateway.decode.gcode import decode_gcode
from gateway.decode.json_text import decode_json
from gateway.decode.nmea import decode_nmea
from gateway.decode.opentherm import decode_opentherm
from gateway.decode.pattern_line import PRESETS, decode_preset
from gateway.decode.signed_list import decode_dcon, decode_sdi12
from gateway.errors import FrameError


def decode_named(text: str, base: str, device: Device) -> list[Found | FrameError]:
    """The temperatures of one line in the format that `device.decoder` names.

    Args:
        text: cleaned, stripped and not empty.
        base: stands before what the format calls a sensor, or is its id where it calls it nothing.
        device: the format's keys.

    Raises:
        FrameError: the line is none of that format, or carries no temperature.
    """
    match device.decoder:
        case "csv":
            return decode_csv(text, base, device)
        case "json":
            return [*decode_json(text, base)]
        case "nmea":
            return decode_nmea(text, base)
        case "gcode":
            return decode_gcode(text, base, device)
        case "dcon":
            return decode_dcon(text, base, device)
        case "sdi12":
            return decode_sdi12(text, base, device)
        case "opentherm":
            return decode_opentherm(text, base)
        case name if name in PRESETS:
            return decode_preset(text, base, device)
        case name:
            raise FrameError("no_decoder", f"the decoder {name!r} is for MQTT messages, not for lines of a port")
