"""JSON as the configuration describes it: paths to values, and lists of tags."""

import re
from collections.abc import Sequence
from typing import Any

from gateway.decode.device import Device
from gateway.decode.document import moment, number, unit_letter
from gateway.decode.found import Found, check_valid, checked, to_celsius
from gateway.decode.json_trouble import trouble
from gateway.decode.profile import GENERIC, judged
from gateway.errors import FrameError

STEP = re.compile(r"\[(\d+)\]|\[['\"](.+?)['\"]\]|([^.\[\]]+)")
MISSING = object()
# Advantech WISE: `ai_st1` stands beside `ai1`.
WISE_CHANNEL = re.compile(r"(?:^|\.)([a-z]+)([0-9]+)$")
WISE_CHANNEL_OK = 1


def decode_paths(document: Any, device: Device, name: str) -> list[Found]:
    """The values at `json_paths`; at least one.

    Raises:
        FrameError: none of them is a temperature; the reason is the first one's.
    """
    found: list[Found] = []
    refused: list[FrameError] = []
    for one in device.json_paths:
        try:
            owner, value = at_path(document, one.path)
            _check_channel(owner, one.path)
            sensor_id = one.id or (name if len(device.json_paths) == 1 else f"{name}/{one.path}")
            found.append(_found(value, one.path, sensor_id, one.unit or _unit(owner), one.scale, device.invalid))
        except FrameError as exc:
            refused.append(exc)
    if found:
        return found
    raise refused[0]


def _check_channel(owner: Any, path: str) -> None:
    channel = WISE_CHANNEL.search(path)
    status = owner.get(f"{channel[1]}_st{channel[2]}") if channel and isinstance(owner, dict) else None
    if status is not None and status != WISE_CHANNEL_OK:
        raise FrameError("bad_quality", f"the status beside {path} is {status!r}")


def at_path(document: Any, path: str) -> tuple[Any, Any]:
    """What stands at `OPENTHERM.TB` or `sensors[0].value`, and what it stands in.

    Raises:
        FrameError: nothing stands there, or something on the way says that it is not good.
    """
    owner: Any = None
    node = document
    for index, quoted, plain in STEP.findall(path.removeprefix("$.")):
        owner = node
        if isinstance(node, dict):
            if (what := trouble({key.lower(): value for key, value in node.items()})) is not None:
                raise FrameError("bad_quality", what)
            node = node.get(quoted or plain or index, MISSING)
        elif isinstance(node, list) and (index or plain.isdigit()):
            place = int(index or plain)
            node = node[place] if place < len(node) else MISSING
        else:
            node = MISSING
        if node is MISSING:
            raise FrameError("no_temperature", f"nothing stands at the path {path!r}")
    return owner, node


def decode_tags(document: Any, device: Device) -> list[Found]:
    """The configured tags in a list of tags; at least one.

    Raises:
        FrameError: none of them is there with a good value; the reason is the first one's.
    """
    tags = at_path(document, device.list)[1] if isinstance(document, dict) else document
    if not isinstance(tags, list):
        raise FrameError("not_understood", f"no list stands at {device.list!r}")
    found: list[Found] = []
    refused: list[FrameError] = []
    for element in tags:
        key = str(element.get(device.id)) if isinstance(element, dict) else ""
        if (tag := device.tags.get(key)) is None:
            continue
        try:
            _check_quality(element, device, key)
            one = _found(element.get(device.value), key, tag.id or key, tag.unit, tag.scale, device.invalid)
            at = next((read for name in ("ts", "t", "timestamp", "time") if (read := moment(element.get(name)))), None)
            found.append(Found(one.sensor_id, one.celsius, at, rule="tag_list"))
        except FrameError as exc:
            refused.append(exc)
    if found:
        return found
    raise refused[0] if refused else FrameError("no_temperature", "none of the configured tags is in the list")


def _check_quality(element: dict[str, Any], device: Device, key: str) -> None:
    if device.quality is not None and not _is_ok(element.get(device.quality), device.quality_ok):
        raise FrameError("bad_quality", f"the quality of tag {key} is {element.get(device.quality)!r}")
    if device.quality is None and (what := trouble(element)) is not None:
        raise FrameError("bad_quality", f"tag {key}: {what}")


def _is_ok(quality: Any, accepted: list[int | float | str | bool]) -> bool:
    """Whether it is one of them; without any, what is good by itself. True is not 1 here."""
    if not accepted:
        return trouble({"quality": quality}) is None
    return any(type(quality) is type(one) and quality == one for one in accepted)


def _unit(owner: Any) -> str | None:
    fields = {key.lower(): value for key, value in owner.items()} if isinstance(owner, dict) else {}
    return next((unit for key in ("unit", "u", "uom", "tempunit") if (unit := unit_letter(fields.get(key)))), None)


def _found(value: Any, what: str, sensor_id: str, unit: str | None, scale: float, invalid: Sequence[float]) -> Found:
    read = number(value)
    if read is None:
        raise FrameError("bad_number", f"{what} is {str(value)[:40]!r}, not a number")
    check_valid(read[0], invalid)
    scaled = round(read[0] * scale, 9)
    celsius = to_celsius(scaled, unit or read[1])
    suspect = judged(GENERIC, scaled, celsius)
    one = checked(sensor_id, celsius)
    return Found(one.sensor_id, one.celsius, None, suspect, rule=f"path {what}")
