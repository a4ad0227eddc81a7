from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from firmware_sim.checksums import nmea_checksum
from firmware_sim.device import Device, MqttDevice
from firmware_sim.frame import Frame, Reading
from firmware_sim.personality import Part
from firmware_sim.probe import Sample
from firmware_sim.rendering import render


class Speech:
    """How a device puts samples into text, as its personality has it. Pure."""

    def __init__(self, device: Device, epoch_s: float) -> None:
        self._device = device
        self._family = device.family
        self._epoch_s = epoch_s

    def frame(self, samples: Sequence[Sample], due_s: float) -> Frame:
        """One frame of these sensors."""
        text = self._text(samples, due_s) + self._device.line_end
        return Frame(
            self._device.name,
            due_s,
            text.encode(self._family.encoding),
            readings=tuple(reading for sample in samples for reading in sample.readings),
            allowed=tuple(Reading(name, celsius) for name, celsius in self._family.asides.items()),
            faults=tuple(dict.fromkeys(fault for sample in samples for fault in sample.faults)),
            topic=self.topic(self._family.topic, samples[0].sensor_id),
            retain=isinstance(self._device, MqttDevice) and self._device.retain,
        )

    def beside(self, frame: Frame, samples: Sequence[Sample]) -> Iterator[Frame]:
        """What the device sends along with a frame; the same temperatures may come out of it, but need not."""
        for part in self._family.beside:
            yield self.part(part, samples, frame.due_s, frame.readings)

    def births(self) -> list[Frame]:
        """What it publishes after each connect."""
        return [self.part(part, (), 0.0) for part in self._family.births]

    def will(self) -> Frame | None:
        """What the broker publishes when the device is cut off."""
        return self.part(self._family.will, (), 0.0) if self._family.will else None

    def sealed(self, frame: Frame) -> bytes:
        """The payload as it is published."""
        return frame.data

    @property
    def command_topic(self) -> str | None:
        """Listens to nothing."""
        return None

    def part(self, part: Part, samples: Sequence[Sample], due_s: float, allowed: tuple[Reading, ...] = ()) -> Frame:
        """A message that is no reading of its own."""
        fields = self._fields(samples[0], self._device.sensors.index(samples[0].sensor_id), due_s) if samples else {}
        data = render(part.text, self._common(due_s) | fields).encode(self._family.encoding)
        topic = self.topic(part.topic, samples[0].sensor_id if samples else "")
        return Frame(self._device.name, due_s, data, allowed=allowed, topic=topic, retain=part.retain)

    def topic(self, template: str, sensor_id: str) -> str:
        """Where it goes; the user's own template wins over that of the family."""
        if not isinstance(self._device, MqttDevice):
            return ""
        if template == self._family.topic:
            template = self._device.topic or template
        return template.format(sensor_id=sensor_id, device=self._device.name)

    def _text(self, samples: Sequence[Sample], due_s: float) -> str:
        positions = self._device.sensors
        each = [self._fields(sample, positions.index(sample.sensor_id), due_s) for sample in samples]
        if not self._family.item:
            return self._summed(render(samples[0].error or self._family.frame, each[0]))
        pairs = zip(samples, each, strict=True)
        items = [render(sample.error or self._family.item, fields) for sample, fields in pairs]
        again = [render(self._family.second_item, fields) for fields in each]
        lists = {"items": self._family.joiner.join(items), "items2": self._family.joiner.join(again)}
        return self._summed(render(self._family.frame, each[0] | lists))

    def _summed(self, text: str) -> str:
        if not self._family.checksum:
            return text
        body = text[text.index("$") + 1 : text.index("*")]
        return text.replace("<sum>", nmea_checksum(body))

    def _fields(self, sample: Sample, position: int, due_s: float) -> dict[str, object]:
        return self._common(due_s) | {
            "id": sample.sensor_id,
            "n": position,
            "n1": position + 1,
            "c": sample.shown,
            "f": sample.shown.in_fahrenheit(),
            "k": sample.shown.in_kelvin(),
        }

    def _common(self, due_s: float) -> dict[str, object]:
        at_s = self._epoch_s + due_s
        at = datetime.fromtimestamp(at_s, UTC)
        return {
            "device": self._device.name,
            "time": f"{at:%Y-%m-%dT%H:%M:%S}",
            "clock": f"{at:%H:%M:%S}",
            "ts": at_s,
            "ms": round(at_s * 1000),
            "sum": "<sum>",
        }
