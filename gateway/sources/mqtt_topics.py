"""MQTT topics of many sensors: each message acknowledged only after its commit."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from gateway.model import Delivery, Reading, Rejected
from gateway.sources.interpret import interpret
from gateway.sources.mqtt_link import Message, MqttLink

PLACEHOLDER = "{sensor_id}"


class MqttSource:
    """Subscribes to topic templates; `suhu/{sensor_id}` takes the sensor's id from the topic.

    Args:
        host: the broker.
        port: its port.
        client_id: stable, see MqttLink.
        topics: templates: MQTT topic filters in which one level may be `{sensor_id}`.
    """

    def __init__(
        self,
        host: str,
        port: int,
        client_id: str,
        topics: Sequence[str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._host = host
        self._port = port
        self._client_id = client_id
        self._templates = [(template, template_pattern(template)) for template in topics]
        self._now = now

    @property
    def name(self) -> str:
        """See Source."""
        return f"mqtt {self._host}:{self._port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[AsyncIterator[Delivery]]:
        """See Source."""
        filters = [template.replace(PLACEHOLDER, "+") for template, _ in self._templates]
        link = MqttLink(self._host, self._port, self._client_id, filters)
        async with link.connected() as batches:
            yield self._deliveries(link, batches)

    async def _deliveries(self, link: MqttLink, batches: AsyncIterator[list[Message]]) -> AsyncIterator[Delivery]:
        async for batch in batches:
            arrived_at = self._now()
            for message in batch:
                readings, rejected = self._interpret(message, arrived_at)
                yield Delivery(tuple(readings), tuple(rejected), ack=partial(link.acknowledge, message))

    def _interpret(self, message: Message, arrived_at: datetime) -> tuple[list[Reading], list[Rejected]]:
        if message.retained:
            # The broker's copy of an earlier value, sent on every subscription: nobody knows when it was measured.
            return [], [Rejected("retained", f"retained message on {message.topic}", message.payload)]
        match = next((m for _, pattern in self._templates if (m := pattern.fullmatch(message.topic))), None)
        if match is None:
            return [], [Rejected("unknown_topic", f"topic {message.topic!r} fits no template", message.payload)]
        sensor_id = match.groupdict().get("sensor_id")
        return interpret(
            message.payload, name=message.topic, configured_id=sensor_id, source="mqtt", arrived_at=arrived_at
        )


def template_pattern(template: str) -> re.Pattern[str]:
    """The regular expression of a template; `+` and `#` as in MQTT (OASIS MQTT 3.1.1, section 4.7)."""
    levels = {PLACEHOLDER: "(?P<sensor_id>[^/]+)", "+": "[^/]*"}
    *head, last = template.split("/")
    pattern = "/".join(levels.get(level, re.escape(level)) for level in head)
    if last == "#":  # also matches the level above
        return re.compile(f"{pattern}(?:/.*)?" if head else ".*", re.DOTALL)
    tail = levels.get(last, re.escape(last))
    return re.compile(f"{pattern}/{tail}" if head else tail)
