"""What publishers announce of their topics: Home Assistant discovery, Homie attributes, Wiren Board meta topics."""

import re
from dataclasses import dataclass
from typing import Any

from gateway.decode.document import parse, unit_letter
from gateway.errors import FrameError

MAX_TOPICS = 10_000  # remembered; more are not learned
MAX_CHARACTERS = 1_024  # of a topic and who announced it, and of a template
# `{{ value_json.a.b | float }}`, `{{ value_json['a']['b'] }}`, `{{ value_json["a"].b | round(1) }}`
TEMPLATE = re.compile(
    r"\s*\{\{-?\s*\(?\s*value_json(?P<path>(?:\.[A-Za-z_]\w*|\[(?:'[^']+'|\"[^\"]+\"|[0-9]+)\])+)\s*\)?\s*"
    r"(?:\|\s*(?:float|round|int|default|is_defined)\s*(?:\([^)]*\))?\s*)*-?\}\}\s*"
)
STEP = re.compile(r"\.([A-Za-z_]\w*)|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[([0-9]+)\]")
MEASURING = frozenset({"sensor", "climate", "water_heater"})  # a `number` of class temperature is a set-point


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is known of a topic's values."""

    unit: str | None = None  # C, F or K
    is_temperature: bool | None = None  # None: nothing was said
    path: tuple[str, ...] = ()  # to the value in its JSON; () for a bare value
    stale: bool = False  # the publisher says that it cannot read the value


class Announcements:
    """Keeps them by topic. An id never comes from here: it must be the same whether or not this was heard."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, Announcement]] = {}

    def of(self, topic: str) -> list[Announcement]:
        """All that concern a topic; several when its JSON has several values."""
        known = self._of.get(topic)
        return list(known.values()) if known else []

    def _add(self, topic: str, by: str, one: Announcement) -> None:
        if len(topic) + len(by) > MAX_CHARACTERS:
            return
        if topic in self._of or len(self._of) < MAX_TOPICS:
            known = self._of.setdefault(topic, {})
            if by in known or len(known) < MAX_TOPICS // 100:
                known[by] = one

    def withdraw(self, topic: str) -> None:
        """The retained announcement on this topic was deleted."""
        for of, known in self._of.items():
            for by in [by for by in known if by.split(" ")[0] == topic or f"{of}/{by}" == topic]:
                del known[by]

    # Home Assistant: homeassistant/<component>/[<node>/]<object>/config

    def discovery(self, levels: list[str], text: str) -> None:
        """Learn from a discovery message, in long or abbreviated keys (home-assistant.io, MQTT discovery).

        Raises:
            FrameError: it is no JSON.
        """
        document = parse(text)
        if not isinstance(document, dict):
            return
        by = "/".join(levels)
        components = document.get("components", document.get("cmps"))
        if isinstance(components, dict):  # one message for a whole device
            for name, one in components.items():
                if isinstance(one, dict):
                    shared = {key: document[key] for key in ("~", "state_topic", "stat_t") if key in document}
                    self._entity(f"{by} {name}", str(one.get("platform", one.get("p", ""))), shared | one)
        elif len(levels) >= 3:
            self._entity(by, levels[1], document)

    def _entity(self, by: str, component: str, fields: dict[str, Any]) -> None:
        def get(*keys: str) -> str:
            value = next((fields[key] for key in keys if isinstance(fields.get(key), str)), "")
            base = fields.get("~")
            if isinstance(base, str) and keys[0].endswith("topic"):
                value = re.sub("^~|~$", lambda _: base, value)
            return value

        unit = unit_letter(get("unit_of_measurement", "unit_of_meas", "temperature_unit", "temp_unit"))
        if current := get("current_temperature_topic", "curr_temp_t"):
            path = template_path(get("current_temperature_template", "curr_temp_tpl"))
            if path is not None:
                self._add(current, by, Announcement(unit, is_temperature=True, path=path))
        if wanted := get("temperature_state_topic", "temp_stat_t"):
            path = template_path(get("temperature_state_template", "temp_stat_tpl"))
            if path == ():
                self._add(wanted, by, Announcement(is_temperature=False))
        state = get("state_topic", "stat_t")
        path = template_path(get("value_template", "val_tpl"))
        if not state or path is None:
            return
        device_class = get("device_class", "dev_cla")
        is_temperature = component in MEASURING and (
            device_class == "temperature" or (not device_class and unit in {"C", "F"})
        )
        is_temperature &= get("entity_category", "ent_cat") != "config"
        self._add(state, by, Announcement(unit, is_temperature=is_temperature, path=path))

    # Homie: homie/<device>/<node>/<property>/$unit (3, 4); homie/5/<device>/$description

    def homie(self, levels: list[str], text: str) -> None:
        """Learn a property's unit or, in version 5, those of a whole device."""
        if levels[-1] == "$unit":
            unit = unit_letter(text)
            self._add("/".join(levels[:-1]), "$unit", Announcement(unit, is_temperature=unit is not None))
        elif levels[-1] == "$description":
            try:
                nodes = parse(text).get("nodes", {})
                for node, inside in nodes.items():
                    for name, one in inside.get("properties", {}).items():
                        if isinstance(one.get("unit"), str):
                            unit = unit_letter(one["unit"])
                            topic = "/".join((*levels[:-1], node, name))
                            self._add(topic, "$unit", Announcement(unit, is_temperature=unit is not None))
            except (AttributeError, FrameError):  # not as the convention has it: nothing is learned
                return

    # Wiren Board: /devices/<device>/controls/<control>/meta/…

    def wiren_board(self, levels: list[str], text: str) -> None:
        """Learn type, units and errors of a control (github.com/wirenboard/conventions)."""
        place = len(levels) - 1 - levels[::-1].index("meta")
        topic, what = "/".join(levels[:place]), "/".join(levels[place + 1 :])
        values: dict[str, Any] = {what: text}
        if not what:
            try:
                document = parse(text)
            except FrameError:
                return
            values = {"error": ""} | document if isinstance(document, dict) else {}
        for key, value in values.items():
            if key == "error":
                self._add(topic, "meta/error", Announcement(stale=isinstance(value, str) and "r" in value))
            elif key == "type" and isinstance(value, str) and value != "value":
                unit = "C" if value == "temperature" else None
                self._add(topic, "meta/type", Announcement(unit, is_temperature=value == "temperature"))
            elif key == "units" and isinstance(value, str):
                unit = unit_letter(value)
                self._add(topic, "meta/units", Announcement(unit, is_temperature=unit is not None))


def template_path(template: str) -> tuple[str, ...] | None:
    """Where a value template takes its value from; () without one, None when it computes."""
    if not template or re.fullmatch(r"\s*\{\{-?\s*value\s*(?:\|\s*float\s*)?-?\}\}\s*", template):
        return ()
    match = TEMPLATE.fullmatch(template) if len(template) <= MAX_CHARACTERS else None
    return tuple(next(part for part in step if part) for step in STEP.findall(match["path"])) if match else None
