"""Bytes of a device to temperatures. Pure: no I/O, no clock. What is not understood is rejected, never guessed."""

from gateway.decode.device import Device
from gateway.decode.found import Decoded, Found, Refused
from gateway.decode.payload import decode_payload
from gateway.decode.port import PortDecoder
from gateway.decode.topic import TopicDecoder

__all__ = ["Decoded", "Device", "Found", "PortDecoder", "Refused", "TopicDecoder", "decode_payload"]
