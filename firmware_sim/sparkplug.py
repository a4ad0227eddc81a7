from collections.abc import Iterator, Sequence

from firmware_sim.device import Device, MqttDevice
from firmware_sim.frame import Frame
from firmware_sim.probe import Sample
from firmware_sim.protobuf import chunk, integer, real

GROUP = "Plant1"
FLOAT, INT64, BOOLEAN = 9, 4, 11  # data types of the specification
BIRTH_AND_DEATH = 0  # bdSeq: one life a process, so that a death can be told from that of a former one


class EdgeNode:
    """A Sparkplug B edge node with one device and a metric for each sensor.

    A BIRTH names the metrics and gives them aliases; DATA carries aliases only, so that a reader who missed the BIRTH
    must ask for another (NCMD) and must not guess. The sequence number counts what is published between two births,
    so it is put in last.
    """

    def __init__(self, device: Device, epoch_s: float) -> None:
        self._device = device
        self._epoch_s = epoch_s
        self._seq = 0

    def frame(self, samples: Sequence[Sample], due_s: float) -> Frame:
        """DDATA with all sensors."""
        metrics = [
            integer(2, self._alias(sample)) + (real(12, sample.shown.number) if sample.genuine else integer(7, 1))
            for sample in samples
        ]
        return Frame(
            self._device.name,
            due_s,
            self._payload(due_s, metrics),
            readings=tuple(reading for sample in samples for reading in sample.readings),
            faults=tuple(dict.fromkeys(fault for sample in samples for fault in sample.faults)),
            topic=self._data_topic(),
        )

    def beside(self, frame: Frame, samples: Sequence[Sample]) -> Iterator[Frame]:
        """Nothing."""
        del frame, samples
        return iter(())

    def births(self) -> list[Frame]:
        """NBIRTH and DBIRTH; the values are not known yet. Counting begins anew."""
        self._seq = 0
        control = chunk(1, b"Node Control/Rebirth") + integer(4, BOOLEAN) + integer(14, 0)
        metrics = [
            chunk(1, f"{sensor_id}/Temperature".encode()) + integer(2, alias) + integer(4, FLOAT) + integer(7, 1)
            for alias, sensor_id in enumerate(self._device.sensors, 1)
        ]
        return [
            self._message("NBIRTH", [self._birth_and_death(), control]),
            self._message("DBIRTH", metrics, "/Probes"),
        ]

    def will(self) -> Frame:
        """NDEATH; it has no sequence number."""
        return self._message("NDEATH", [self._birth_and_death()])

    def sealed(self, frame: Frame) -> bytes:
        """The payload as it is published next."""
        seq, self._seq = self._seq, (self._seq + 1) % 256
        return frame.data + integer(3, seq)

    @property
    def command_topic(self) -> str:
        """Whatever comes here is taken as the wish for another birth."""
        return f"spBv1.0/{GROUP}/NCMD/{self._device.name}"

    def _message(self, kind: str, metrics: list[bytes], below: str = "") -> Frame:
        topic = f"spBv1.0/{GROUP}/{kind}/{self._device.name}{below}"
        return Frame(self._device.name, 0.0, self._payload(0.0, metrics), topic=topic)

    def _payload(self, due_s: float, metrics: list[bytes]) -> bytes:
        at_ms = round((self._epoch_s + due_s) * 1000)
        return integer(1, at_ms) + b"".join(chunk(2, integer(3, at_ms) + metric) for metric in metrics)

    def _alias(self, sample: Sample) -> int:
        return self._device.sensors.index(sample.sensor_id) + 1

    def _data_topic(self) -> str:
        own = self._device.topic if isinstance(self._device, MqttDevice) else None
        return (own or self._device.family.topic).format(device=self._device.name, sensor_id="")

    @staticmethod
    def _birth_and_death() -> bytes:
        return chunk(1, b"bdSeq") + integer(4, INT64) + integer(11, BIRTH_AND_DEATH)
