"""Record v1 of `sensor-suhu-rejected` (contracts/sensor-suhu-rejected.schema.json), as the gateway writes it."""

import base64
import json
from datetime import datetime

from gateway.model import Record, Rejected
from gateway.wire import rfc3339, timestamp_ms

MAX_RAW_BYTES = 4096  # more of a frame tells nobody more, and one record must not be what a topic is too small for
MAX_CHARACTERS = 500  # of each text: an MQTT topic may have 65,535


def encode_rejected(
    rejected: Rejected, *, gateway_id: str, source: str, arrived_at: datetime, suppressed: int, number: int
) -> Record:
    """Turn a frame without a reading into a record.

    Args:
        rejected: the frame.
        gateway_id: who rejects it.
        source: the name of its source, see Source.
        arrived_at: aware.
        suppressed: frames of this source and reason that were held back since its last record.
        number: the record's sequence; it stays inside the gateway.
    """
    kind, _, place = source.partition(" ")
    epoch_ms = timestamp_ms(arrived_at)
    whole_bytes = max(rejected.whole_bytes, len(rejected.raw))
    fields = {
        "schema_version": 1,
        "gateway_id": gateway_id,
        "source": kind,
        "place": _text(place),
        **({"topic": _text(rejected.topic)} if rejected.topic else {}),
        "reason": rejected.reason,
        "detail": _text(rejected.detail),
        "arrived_at": rfc3339(epoch_ms),
        "raw": base64.b64encode(rejected.raw[:MAX_RAW_BYTES]).decode(),
        "raw_bytes": whole_bytes,
        "truncated": whole_bytes > min(len(rejected.raw), MAX_RAW_BYTES),
        "suppressed": suppressed,
    }
    value = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return Record(number, f"{gateway_id}/{_text(source)}".encode(), value, epoch_ms)


def _text(text: str) -> str:
    """Cut, and without the lone surrogates that JSON escapes can bring: UTF-8 has none."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
