"""NMEA 0183 sentences with temperatures: XDR, MTW, MTA, MDA. The checksum is required."""

import re

from gateway.decode.checksums import xor8
from gateway.decode.found import Found, attempted, number, reading
from gateway.decode.vocabulary import is_skipped
from gateway.errors import FrameError

# Neither `$` nor `!` inside: an XOR over two sentences that ran together fits more often than by chance.
SENTENCE = re.compile(
    r"[$!](?P<body>(?:P[A-Z]{3}|(?P<talker>[A-Z]{2})(?P<kind>[A-Z]{3})),[ \x22#%-)+-~]*)\*(?P<sum>[0-9A-Fa-f]{2})"
)
INVALID = (999.9, -999.9, 999.99, 9999.0, 9999.9)  # as Lambrecht and others fill a field without a value
MDA_FIELDS = {"air": 5, "water": 7, "dewpoint": 11}  # counted from the sentence's name; the unit follows


def looks_like_nmea(text: str) -> bool:
    """Whether a line can be nothing else, so that a damaged one is not read as plain text."""
    return re.match(r"[$!][A-Z]{5},", text) is not None


def decode_nmea(text: str, base: str) -> list[Found | FrameError]:
    """The temperatures of one sentence.

    Raises:
        FrameError: the checksum is missing or wrong, or the sentence carries no temperature.
    """
    match = SENTENCE.fullmatch(text)
    if match is None:
        raise FrameError("bad_checksum", "a sentence without its *checksum: it may be cut")
    if xor8(match["body"].encode("ascii", "replace")) != int(match["sum"], 16):
        raise FrameError("bad_checksum", f"the checksum *{match['sum']} does not fit")
    fields = [field.strip() for field in match["body"].split(",")]
    who = f"{base}/{match['talker']}"
    match match["kind"]:
        case "XDR":
            found = _transducers(fields, who)
        case "MTW" | "MTA":
            found = [_field(fields, 1, f"{who}/{match['kind']}", match["kind"])]
        case "MDA":
            found = [
                _field(fields, place, f"{who}/{name}", "MDA")
                for name, place in MDA_FIELDS.items()
                if name != "dewpoint" and len(fields) > place and fields[place]
            ]
        case kind:
            raise FrameError("no_temperature", f"{kind or 'a proprietary sentence'} carries no temperature")
    if not found:
        raise FrameError("no_temperature", "no field of the sentence is a temperature")
    return found


def _transducers(fields: list[str], who: str) -> list[Found | FrameError]:
    """XDR: quadruples of type, value, unit and name; type C is a temperature, whatever the name says."""
    if len(fields) % 4 != 1:
        raise FrameError("too_few_columns", "an XDR sentence is quadruples of type, value, unit and name")
    return [
        _field(fields, place + 1, f"{who}/{fields[place + 3] or place // 4}", "XDR")
        for place in range(1, len(fields), 4)
        if fields[place] == "C" and fields[place + 1] and not is_skipped(fields[place + 3])
    ]


def _field(fields: list[str], place: int, sensor_id: str, kind: str) -> Found | FrameError:
    def attempt() -> Found:
        if len(fields) <= place + 1 or fields[place + 1] not in {"C", "F", "K"}:
            raise FrameError("unknown_unit", f"field {place} of {kind} has no unit C, F or K: it is marked invalid")
        return reading(sensor_id, number(fields[place]), fields[place + 1], f"nmea {kind}", invalid=INVALID)

    return attempted(attempt)
