"""A frame as it arrived to the readings of a delivery."""

from datetime import datetime

from gateway.decode import decode_payload
from gateway.errors import FrameError
from gateway.model import Reading, Rejected, SourceKind


def interpret(
    raw: bytes, *, name: str, configured_id: str | None, source: SourceKind, arrived_at: datetime
) -> tuple[list[Reading], list[Rejected]]:
    """Decode one frame; a frame that is not understood becomes a Rejected, never an exception."""
    try:
        found = decode_payload(raw, name, configured_id)
    except FrameError as exc:
        return [], [Rejected(exc.reason, str(exc), raw)]
    return [Reading(one.sensor_id, one.celsius, one.measured_at or arrived_at, source) for one in found], []
