"""MQTT messages of one broker to temperatures."""

from gateway.decode.device import Device
from gateway.decode.found import Decoded, Refused
from gateway.decode.payload import decode_payload
from gateway.errors import FrameError


class TopicDecoder:
    """Keeps what formats need from one message to the next (births, discovery). Pure: no I/O, no clock.

    Args:
        device: what the user says of the devices behind these topics.
    """

    def __init__(self, device: Device) -> None:
        self._device = device

    def decode(self, topic: str, payload: bytes, sensor_id: str | None = None) -> Decoded:
        """What one message says.

        Args:
            topic: where it was published.
            payload: its bytes.
            sensor_id: what the configured template takes from the topic.
        """
        try:
            return Decoded(decode_payload(payload, topic, sensor_id or self._device.sensor_id), [])
        except FrameError as exc:
            return Decoded([], [Refused(exc.reason, str(exc), payload)])
