"""MQTT messages of one broker to temperatures."""

import re
from dataclasses import replace
from typing import Any

from gateway.decode.announced import Announcements
from gateway.decode.configured import at_path, decode_paths
from gateway.decode.described import PADDING, decode_described, text_of
from gateway.decode.device import Device
from gateway.decode.document import WITH_UNIT, parse
from gateway.decode.families import cloud
from gateway.decode.families.plant import is_opc, opc_samples
from gateway.decode.found import NUMBER, Decoded, Found, Refused, attempted, check_valid, checked, to_celsius
from gateway.decode.json_text import settled, temperatures
from gateway.decode.json_tree import Harvest, harvest
from gateway.decode.payload import MAX_PAYLOAD_BYTES, decode_payload
from gateway.decode.profile import judged
from gateway.decode.profiles import PROFILES, profile_name, within
from gateway.decode.senml import decode_senml, is_senml
from gateway.decode.sparkplug import Sparkplug
from gateway.decode.topic_plan import Plan, plan_of
from gateway.errors import FrameError

MAX_TOPICS = 10_000  # whose plan is remembered; more only cost time
MAX_TOPIC_CHARACTERS = 1_024
NO_VALUE = frozenset({
    "unavailable", "unknown", "none", "null", "nan", "inf", "-inf", "offline", "online", "on", "off", "true", "false",
    "error", "n/a", "undefined", "disconnected",
})  # fmt: skip
NUMBER_BYTES = re.compile(NUMBER.encode())


class TopicDecoder:
    """Keeps what formats need from one message to the next (births, announcements). Pure: no I/O, no clock.

    Args:
        device: what the user says of the devices behind these topics.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._profile = PROFILES[profile_name(device.device)] if device.device else None
        self._plans: dict[str, Plan] = {}
        self._announced = Announcements()
        self._sparkplug = Sparkplug()
        self._in_celsius: set[str] = set()  # devices that also publish a twin in °F

    def decode(self, topic: str, payload: bytes, sensor_id: str | None = None) -> Decoded:
        """What one message says.

        Args:
            topic: where it was published.
            payload: its bytes.
            sensor_id: what the configured template takes from the topic.
        """
        try:
            plan = self._plans.get(topic)
            if plan is None or plan.sensor_id != sensor_id:
                plan = self._remember(topic, sensor_id)
            return self._checked(self._decode(plan, topic, payload), payload)
        except FrameError as exc:
            return Decoded([], [Refused(exc.reason, str(exc), payload)])

    def _checked(self, decoded: Decoded, payload: bytes) -> Decoded:
        """By the profile of the configured `device`. Nothing waits for a neighbour here: a doubtful value is marked."""
        if self._profile is None:
            return decoded
        plausible = Decoded([], decoded.refused)
        for found in decoded.found:
            doubtful = found.suspect or found.celsius == self._profile.power_on
            plausible.add([attempted(within, self._profile, replace(found, suspect=doubtful))], payload)
        return plausible

    def _decode(self, plan: Plan, topic: str, payload: bytes) -> Decoded:
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise FrameError("too_large", f"{len(payload)} bytes; the limit is {MAX_PAYLOAD_BYTES}")
        special = plan.rule.special
        if special is not None or plan.refuse or self._device.decoder != "auto":
            if special in {"discovery", "homie", "wiren_board"}:
                self._learn(plan, topic, payload)
            if plan.refuse:
                raise FrameError(plan.refuse, f"{topic!r} carries no measurements ({plan.rule.name})")
            if special == "sparkplug_b" or self._device.decoder == "sparkplug_b":
                return self._sparkplug.decode(plan.levels, payload)
            if self._device.decoder not in {"auto", "json"}:
                return decode_described(payload, self._device, plan.place, plan.levels)
        return self._plain(plan, payload)

    def _plain(self, plan: Plan, payload: bytes) -> Decoded:
        """Numbers, JSON and text, of topics that are read."""
        if plan.is_simple and NUMBER_BYTES.fullmatch(payload) is not None:
            return Decoded([checked(plan.place.device, float(payload))], [])
        text = text_of(payload).strip(PADDING)
        if text.startswith(("{", "[")):
            return Decoded(self._json(plan, text), [])
        if not text:
            raise FrameError("empty", "an empty message: a retained one was deleted")
        return self._text(plan, text, payload)

    # What is not JSON

    def _text(self, plan: Plan, text: str, payload: bytes) -> Decoded:
        unit = plan.unit
        if plan.rule.special == "cayenne_text":
            text, unit = cloud.cayenne_text(text)
        elif not plan.is_temperature:
            if text.lower() in NO_VALUE:
                raise FrameError("no_value", f"{text!r} is a state, not a number")
            return Decoded(decode_payload(payload, plan.place.device, plan.sensor_id), [])
        match = WITH_UNIT.fullmatch(text.removeprefix('"').removesuffix('"'))
        if match is None:
            if text.lower() in NO_VALUE or plan.sensor_id is None:
                raise FrameError("bad_number", f"{text[:40]!r} is no number with an optional unit")
            return Decoded(decode_payload(payload, plan.place.device, plan.sensor_id), [])
        check_valid(float(match[1]), self._device.invalid)
        value = float(match[1]) * self._device.scale
        celsius = to_celsius(value, match[2] or unit)
        suspect = judged(plan.place.profile, value, celsius)
        self._one_of_twins(plan, unit)
        return Decoded([replace(checked(plan.place.device, celsius), suspect=suspect, rule=plan.rule.name)], [])

    def _one_of_twins(self, plan: Plan, unit: str | None) -> None:
        """Refuse the °F topic of a device that has one in °C, too."""
        if unit == "F":
            if plan.place.device in self._in_celsius:
                raise FrameError("twin", f"{plan.place.device} is read in °C")
        elif plan.sensor_id is None and len(self._in_celsius) < MAX_TOPICS:
            self._in_celsius.add(plan.place.device)

    # JSON

    def _json(self, plan: Plan, text: str) -> list[Found]:
        document = parse(text)
        if self._device.json_paths:
            return decode_paths(document, self._device, plan.place.device)
        envelope = plan.rule.envelope
        if envelope is None:
            if isinstance(document, list) and is_senml(document):
                return decode_senml(document)
            if not is_opc(document):
                return self._anywhere(plan, document)
            envelope = opc_samples
        collected = Harvest()
        for part, place in envelope(document, plan.place, plan.levels):
            harvest(part, place, collected)
        return settled(collected, plan.rule.name)

    def _anywhere(self, plan: Plan, document: Any) -> list[Found]:
        try:
            return temperatures(document, plan.place, plan.rule.name)
        except FrameError as exc:
            if exc.reason != "no_temperature" or not plan.paths:
                raise
        collected = Harvest()
        for one in plan.paths:
            value = at_path(document, ".".join(one.path))[1]
            place = replace(plan.place, path=one.path[:-1], unit=one.unit or plan.place.unit)
            harvest({f"{one.path[-1]} temperature": value}, place, collected)
        return settled(collected, "announced")

    # Plans

    def _remember(self, topic: str, sensor_id: str | None) -> Plan:
        if len(topic) > MAX_TOPIC_CHARACTERS:
            raise FrameError("too_large", f"a topic of {len(topic)} characters; the limit is {MAX_TOPIC_CHARACTERS}")
        if len(self._plans) >= MAX_TOPICS:
            self._plans.clear()
        plan = self._plans[topic] = plan_of(topic, sensor_id, self._device, self._announced.of(topic))
        return plan

    def _learn(self, plan: Plan, topic: str, payload: bytes) -> None:
        """Take what is said of other topics.

        Raises:
            FrameError: always: it is no reading itself.
        """
        self._plans.clear()
        text = text_of(payload).strip(PADDING)
        if not text:
            self._announced.withdraw(topic)
            raise FrameError("empty", "an announcement was withdrawn")
        match plan.rule.special:
            case "discovery":
                self._announced.discovery(plan.levels, text)
            case "homie":
                self._announced.homie(plan.levels, text)
            case _:
                self._announced.wiren_board(plan.levels, text)
        raise FrameError("announcement", f"{topic!r} tells about other topics")
