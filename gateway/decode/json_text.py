"""JSON objects, and arrays of them: `{"sensor_id": "S1", "suhu": 70.2}`; on a console also after some words."""

import re
from typing import Any

from gateway.decode.document import parse
from gateway.decode.found import Found, checked
from gateway.decode.json_tree import Harvest, Place, harvest, identified
from gateway.decode.profile import GENERIC, judged
from gateway.decode.quantity import holds_no_readings
from gateway.errors import FrameError

# `23:58:41.123 MQT: tele/ds1820/SENSOR = {…}` (Tasmota), `TheengsDecoder found device: {…}`
PREFIX = re.compile(r"(?P<words>[^{\[\"']{1,120}?[:=])\s*(?=[{\[])")
PUBLISHED = re.compile(r"(?:^|\s)MQT: (?P<topic>\S+)(?: \(retained\))? =$")


def decode_json(text: str, default_id: str) -> list[Found]:
    """The temperatures of one JSON text.

    Args:
        text: the document; words that end in a colon or an equals sign may stand before it.
        default_id: whose temperature it is where the document names no sensor.

    Raises:
        FrameError: it is not valid JSON, or no temperature in it is certain.
    """
    prefix = PREFIX.match(text) if text[0] not in "{[" else None
    if prefix is None:
        return temperatures(parse(text), Place(default_id, composes=False), "json")
    words = prefix["words"].rstrip()
    document = parse(text[prefix.end() :])
    published = PUBLISHED.search(words)
    if published is not None:
        parts = published["topic"].split("/")
        if parts[-1] not in {"SENSOR", "STATUS8", "STATUS10"}:
            raise FrameError("not_measured", f"{published['topic']} carries no measurements")
        return temperatures(document, Place("/".join(parts[1:-1]) or default_id), "tasmota console")
    if holds_no_readings(words):
        raise FrameError("not_measured", f"{words[:40]!r} is followed by no measurement")
    return temperatures(document, Place(default_id, composes=False), "json after words")


def temperatures(document: Any, place: Place, rule: str) -> list[Found]:
    """The temperatures of a document, at least one.

    Raises:
        FrameError: there is none, or what it says is not certain.
    """
    if isinstance(document, dict) and place.profile is GENERIC and (plain := _plain(document)) is not None:
        return [plain]
    if not isinstance(document, dict | list) or not document:
        raise FrameError("no_temperature", "neither an object nor an array with something in it")
    collected = Harvest()
    harvest(document, place, collected)
    return settled(collected, rule)


def settled(collected: Harvest, rule: str) -> list[Found]:
    """What was collected, as readings.

    Raises:
        FrameError: there is none; the reason is that of the first one that was refused.
    """
    if collected.hits:
        return identified(collected.hits, rule)
    if collected.refused:
        raise collected.refused[0]
    raise FrameError("no_temperature", "no key names a temperature that was measured")


def _plain(document: dict[str, Any]) -> Found | None:
    """The commonest document, quickly; None for all others."""
    celsius = document.get("suhu")
    sensor_id = document.get("sensor_id")
    if len(document) != 2 or type(celsius) is not float or type(sensor_id) is not str:
        return None
    judged(GENERIC, celsius, celsius)
    return checked(sensor_id.strip(), celsius)
