"""Bytes of a device to temperatures. Pure: no I/O, no clock. What is not understood is rejected, never guessed."""

from gateway.decode.found import Found
from gateway.decode.payload import decode_payload

__all__ = ["Found", "decode_payload"]
