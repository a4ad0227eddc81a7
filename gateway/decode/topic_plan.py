"""How the messages of one topic are read: what its levels, its publisher and the user say of it."""

from dataclasses import dataclass, replace

from gateway.decode.announced import Announcement
from gateway.decode.device import Device
from gateway.decode.json_tree import Place
from gateway.decode.profile import GENERIC
from gateway.decode.topic_rules import Rule, device_of, rule_of
from gateway.decode.topic_words import words_of

NO_RULE = Rule("topic", "#")


@dataclass(frozen=True, slots=True)
class Plan:
    """How the messages of one topic are read."""

    rule: Rule
    levels: list[str]
    sensor_id: str | None  # of the configured template
    place: Place
    is_temperature: bool  # a bare number is one
    unit: str | None  # of a bare number
    is_simple: bool  # configured, in °C, without anything special: the commonest case, and so the quickest
    refuse: str  # reason why nothing is read; "" for none
    paths: tuple[Announcement, ...]  # announced places of temperatures in its JSON


def plan_of(topic: str, sensor_id: str | None, description: Device, said: list[Announcement]) -> Plan:
    """The plan of a topic.

    Args:
        topic: where messages are published.
        sensor_id: what the configured template takes from it.
        description: what the user says of the device.
        said: what was announced of the topic.
    """
    levels = topic.split("/")
    rule = rule_of(topic) or NO_RULE
    chosen = sensor_id or description.sensor_id
    words = words_of(levels)
    known = rule is not NO_RULE
    device = chosen or (device_of(rule, levels) if rule.device else words.device)
    described = description.decoder != "auto" or bool(description.json_paths)
    refuse = "" if described else rule.refuse if known else "" if chosen else words.refuse
    is_temperature = chosen is not None or rule.scalar or (words.is_temperature and not words.refuse)
    unit = description.unit or rule.unit or words.unit
    bare = [one for one in said if not one.path]
    if any(one.stale for one in bare):
        refuse = "stale"
    elif any(one.is_temperature for one in bare):
        refuse, is_temperature = "", True
        unit = next((one.unit for one in bare if one.unit), unit)
    elif any(one.is_temperature is False for one in bare) and chosen is None:
        is_temperature = False
        refuse = refuse or "not_measured"
    paths = tuple(one for one in said if one.path and one.is_temperature)
    units = {one.unit for one in (*paths, *bare) if one.is_temperature and one.unit}
    profile = rule.profile if known else GENERIC
    if description.invalid:
        profile = replace(profile, invalid=profile.invalid | frozenset(description.invalid))
    kind = "temperature" if words.is_temperature and not known else ""
    place = Place(device, kind=kind, unit=units.pop() if len(units) == 1 else description.unit, profile=profile)
    is_simple = chosen is not None and not known and not refuse and unit in {None, "C"} and description.scale == 1
    is_simple = is_simple and not description.invalid
    return Plan(rule, levels, sensor_id, place, is_temperature, unit, is_simple, refuse, paths)
