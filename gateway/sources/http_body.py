"""The JSON body of an HTTP request or answer to readings."""

from collections.abc import Callable
from datetime import datetime

from gateway.decode.found import Found
from gateway.decode.topic import TopicDecoder
from gateway.model import Reading, Rejected

MAX_BODY_BYTES = 65_536  # what the decoder takes


def decode_body(
    decoder: TopicDecoder,
    body: bytes,
    sensor_id: str | None,
    arrived_at: datetime,
    wanted: Callable[[Found], bool] = lambda _found: True,
) -> tuple[tuple[Reading, ...], tuple[Rejected, ...]]:
    """Decode one body.

    Args:
        decoder: knows the format.
        body: as it arrived.
        sensor_id: whose it is when it names none, beside what the decoder is told.
        arrived_at: the time of readings that carry none.
        wanted: which of what is found counts.
    """
    if body.lstrip()[:1] not in {b"{", b"["}:  # an error page may well hold a number and a degree sign
        return (), (Rejected("bad_json", "no JSON object or array", body),)
    decoded = decoder.decode("", body, sensor_id)
    return (
        tuple(
            Reading(one.sensor_id, one.celsius, one.measured_at or arrived_at, "http")
            for one in decoded.found
            if wanted(one)
        ),
        tuple(Rejected(one.reason, one.detail, one.raw) for one in decoded.refused),
    )
