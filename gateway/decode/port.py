"""The bytes of one serial port to temperatures."""

from gateway.decode.device import Device
from gateway.decode.found import Decoded, Found, Refused
from gateway.decode.payload import decode_payload
from gateway.errors import FrameError
from gateway.framing import LineFramer


class PortDecoder:
    """Keeps what a port's format needs from one chunk to the next. Pure: no I/O, no clock.

    Args:
        device: what the user says of the device.
        name: the id of a temperature that names no sensor, such as the port's name.
    """

    def __init__(self, device: Device, name: str) -> None:
        self._device = device
        self._name = name
        self._framer = LineFramer()

    def reset(self, *, partial: bool = True) -> None:
        """The port was opened anew.

        Args:
            partial: bytes up to the first line end may be the rest of a line that began before.
        """
        self._framer.reset()
        if not partial:
            self._framer.feed(b"\n")

    def feed(self, data: bytes) -> Decoded:
        """What the frames that `data` completes say."""
        found: list[Found] = []
        refused: list[Refused] = []
        for line in self._framer.feed(data):
            try:
                found += decode_payload(line, self._name, self._device.sensor_id)
            except FrameError as exc:
                refused.append(Refused(exc.reason, str(exc), line))
        return Decoded(found, refused)

    def end(self) -> Decoded:
        """What was held back, when nothing more comes."""
        return Decoded([], [])
