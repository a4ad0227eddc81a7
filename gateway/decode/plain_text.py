"""Lines of text: `S1 70.25`, `sensor_id: S1, suhu: 70°C`, `T=70.2C`, and bare numbers with a configured id."""

import re

from gateway.decode.found import NUMBER, UNIT, Found, checked, to_celsius
from gateway.errors import FrameError

QUANTITY = r"suhu|temp|temperature|temperatur|t"
ID_LABEL = r"sensor_id|sensor-id|sensorid|sensor|id"

BARE = re.compile(rf"(?P<value>{NUMBER})\s*(?P<unit>{UNIT})?", re.IGNORECASE)
# A name alone does not make its number a temperature (`CO2 412`): only names that people give to
# temperature channels count, and only with a number of their own.
ID_VALUE = re.compile(
    rf"(?P<id>(?:s|t|sensor|suhu|temp|mesin|machine|probe)[-_]?[0-9]{{1,6}})\s+(?P<value>{NUMBER})\s*(?P<unit>{UNIT})?",
    re.IGNORECASE,
)
PAIR = re.compile(r"\s*(?P<label>[A-Za-z][A-Za-z_ -]{0,30}?)\s*[:=]\s*(?P<value>[^:=]+?)\s*")
QUANTITY_LABEL = re.compile(QUANTITY, re.IGNORECASE)
ID_LABELS = re.compile(ID_LABEL, re.IGNORECASE)


def decode_text(text: str, name: str, configured_id: str | None) -> list[Found]:
    """See `decode_payload`; `text` is cleaned, stripped and not empty."""
    if (match := BARE.fullmatch(text)) is not None:
        if configured_id is None:
            raise FrameError("no_sensor_id", "a number alone: give this port or topic a sensor_id to read it")
        return [_found(configured_id, match)]
    if (match := ID_VALUE.fullmatch(text)) is not None:
        return [_found(match["id"], match)]
    return [_labelled(text, configured_id or name)]


def _labelled(text: str, default_id: str) -> Found:
    """Pairs of label and value, separated by comma or semicolon: exactly one temperature, at most one id."""
    sensor_id = None
    temperature = None
    for part in re.split(r"[,;]", text):
        pair = PAIR.fullmatch(part)
        if pair is None:
            raise FrameError("not_understood", f"{part.strip()[:40]!r} is no `label: value` pair")
        if ID_LABELS.fullmatch(pair["label"]):
            if sensor_id is not None:
                raise FrameError("ambiguous", "two sensor ids on one line")
            sensor_id = pair["value"]
        elif QUANTITY_LABEL.fullmatch(pair["label"]):
            if temperature is not None:
                raise FrameError("ambiguous", "two temperatures on one line")
            temperature = BARE.fullmatch(pair["value"])
            if temperature is None:
                raise FrameError("bad_number", f"{pair['value'][:40]!r} is no number with an optional unit")
    if temperature is None:
        raise FrameError("no_temperature", "no label on the line names a temperature")
    return _found(sensor_id or default_id, temperature)


def _found(sensor_id: str, match: re.Match[str]) -> Found:
    return checked(sensor_id, to_celsius(float(match["value"]), match["unit"]))
