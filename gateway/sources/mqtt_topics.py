"""MQTT topics of many sensors: each message acknowledged only after its commit."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from gateway.decode import Device, TopicDecoder
from gateway.model import Delivery, Reading, Rejected
from gateway.mqtt_packets import MAX_PACKET_BYTES, Message
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_link import MqttLink

PLACEHOLDER = "{sensor_id}"
MAX_ROUTES = 10_000  # topics whose sensor is remembered; more only cost time


@dataclass(frozen=True, slots=True)
class Route:
    """What a topic says."""

    name: str
    sensor_id: str | None  # None when no template takes it from the topic
    decoder: TopicDecoder | None  # None when it fits no template


class MqttSource:
    """Subscribes to topic templates; `suhu/{sensor_id}` takes the sensor's id from the topic.

    Args:
        broker: which one, and as whom.
        topics: templates: MQTT topic filters in which one level may be `{sensor_id}`.
        devices: templates of devices whose format the user describes; they are looked at first.
    """

    def __init__(
        self,
        broker: Broker,
        topics: Sequence[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        devices: Sequence[tuple[Sequence[str], Device]] = (),
    ) -> None:
        self._broker = broker
        decoders = [(templates, TopicDecoder(device)) for templates, device in (*devices, (topics, Device()))]
        self._patterns = [(template_pattern(one), decoder) for templates, decoder in decoders for one in templates]
        filters = (template.replace(PLACEHOLDER, "+") for templates, _ in decoders for template in templates)
        self._filters = list(dict.fromkeys(filters))
        self._routes: dict[bytes, Route] = {}
        self._now = now

    @property
    def name(self) -> str:
        """See Source."""
        return f"mqtt {self._broker.host}:{self._broker.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        link = MqttLink(self._broker, self._filters)
        async with link.connected() as batches:
            yield self._deliveries(link, batches)

    async def _deliveries(self, link: MqttLink, batches: AsyncIterator[list[Message]]) -> AsyncIterator[Delivery]:
        async for batch in batches:
            arrived_at = self._now()
            readings: list[Reading] = []
            rejected: list[Rejected] = []
            for message in batch:
                good, bad = self._interpret(message, arrived_at)
                readings += good
                rejected += bad
            yield Delivery(tuple(readings), tuple(rejected), ack=partial(link.acknowledge, batch))

    def _interpret(self, message: Message, arrived_at: datetime) -> tuple[list[Reading], list[Rejected]]:
        route = self._routes.get(message.topic)
        if route is None:
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            route = self._routes[message.topic] = self._route(message.topic)
        if message.whole_bytes:
            text = f"more than {MAX_PACKET_BYTES} bytes"
            return [], [Rejected("too_large", text, message.payload, route.name, message.whole_bytes)]
        if route.decoder is None:
            text = f"topic {message.topic!r} fits no template"
            return [], [Rejected("unknown_topic", text, message.payload, route.name)]
        # Announcements are retained, too: every message reaches the decoder.
        decoded = route.decoder.decode(route.name, message.payload, route.sensor_id)
        readings = [
            Reading(one.sensor_id, one.celsius, one.measured_at or arrived_at, "mqtt", retained=message.retained)
            for one in decoded.found
        ]
        return readings, [Rejected(one.reason, one.detail, one.raw, route.name) for one in decoded.refused]

    def _route(self, raw_topic: bytes) -> Route:
        topic = raw_topic.decode("utf-8", "replace")
        for pattern, decoder in self._patterns:
            if (match := pattern.fullmatch(topic)) is not None:
                return Route(topic, match.groupdict().get("sensor_id"), decoder)
        return Route(topic, None, None)


def template_pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a template; `+` and `#` as in MQTT (OASIS MQTT 3.1.1, section 4.7)."""
    levels = {PLACEHOLDER: "(?P<sensor_id>[^/]+)", "+": "[^/]*"}
    *head, last = template.split("/")
    pattern = "/".join(levels.get(level, re.escape(level)) for level in head)
    if last == "#":  # also matches the level above
        return re.compile(f"{pattern}(?:/.*)?" if head else ".*", re.DOTALL)
    tail = levels.get(last, re.escape(last))
    return re.compile(f"{pattern}/{tail}" if head else tail)
