"""The bytes of one serial port to temperatures."""

from collections.abc import Sequence
from typing import Protocol

from gateway.decode.device import Device
from gateway.decode.found import Decoded, Found
from gateway.decode.lines import Lines
from gateway.decode.modbus_rtu import RegisterAnswers
from gateway.decode.power_on import PowerOnFilter
from gateway.decode.profiles import PROFILES, Profile, profile_name, within
from gateway.decode.vedirect import VedirectBlocks
from gateway.errors import FrameError


class Stream(Protocol):
    """Finds the frames of one kind in a stream of bytes and decodes them. Pure, and bounded in memory."""

    def reset(self, *, partial: bool = True) -> None:
        """See PortDecoder."""

    def feed(self, data: bytes) -> Decoded:
        """What the frames that `data` completes say."""

    def end(self) -> Decoded:
        """See PortDecoder."""


class PortDecoder:
    """Keeps what a port's format needs from one chunk to the next. Pure: no I/O, no clock.

    Args:
        device: what the user says of the device.
        name: the id of a temperature that names no sensor, such as the port's name.
    """

    def __init__(self, device: Device, name: str) -> None:
        self._stream = _stream(device, name)
        self._profile = PROFILES.get(profile_name(device.device)) if device.device else None
        power_on = self._profile.power_on if self._profile else None
        self._power_on = PowerOnFilter(power_on) if power_on is not None else None

    def reset(self, *, partial: bool = True) -> None:
        """The port was opened anew.

        Args:
            partial: bytes up to the first line end may be the rest of a line that began before.
        """
        self._stream.reset(partial=partial)
        if self._power_on is not None:
            self._power_on.reset()

    def feed(self, data: bytes) -> Decoded:
        """What the frames that `data` completes say.

        A doubtful value of a DS18B20 comes out with the value after it, see PowerOnFilter.
        """
        return self._checked(self._stream.feed(data))

    def end(self) -> Decoded:
        """What was held back, when nothing more comes."""
        decoded = self._checked(self._stream.end())
        if self._power_on is not None:
            decoded.add(self._power_on.end(), b"")
        return decoded

    def _checked(self, decoded: Decoded) -> Decoded:
        if self._profile is None:
            return decoded
        plausible = Decoded([], decoded.refused)
        for found in decoded.found:
            plausible.add(self._plausible(found, self._profile), b"")
        return plausible

    def _plausible(self, found: Found, profile: Profile) -> Sequence[Found | FrameError]:
        try:
            within(profile, found)
        except FrameError as exc:
            return [exc]
        return self._power_on.passed(found) if self._power_on is not None else [found]


def _stream(device: Device, name: str) -> Stream:
    base = device.sensor_id or name
    match device.decoder:
        case "vedirect":
            return VedirectBlocks(base)
        case "modbus_rtu":
            return RegisterAnswers(device)
        case _:
            return Lines(device, name)
