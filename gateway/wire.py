"""Record v1 of `sensor-suhu` (contracts/sensor-suhu.schema.json): the only place that spells its field names."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.model import Reading, Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_MILLISECOND = timedelta(milliseconds=1)
CLOCK_UNSYNCED = ',"clock_unsynced":true'
RETAINED = ',"retained":true'
REPLAYED = b',"replayed":true}'


def timestamp_ms(moment: datetime) -> int:
    """Whole milliseconds since the Unix epoch, rounded down."""
    return (moment - EPOCH) // ONE_MILLISECOND


def rfc3339(epoch_ms: int) -> str:
    """`2026-11-22T03:04:05.678Z`: exactly three decimals."""
    seconds, rest_ms = divmod(epoch_ms, 1_000)
    return f"{_second(seconds)}.{rest_ms:03d}Z"


@lru_cache(maxsize=100)  # readings of one second come together
def _second(epoch_s: int) -> str:
    return (EPOCH + timedelta(seconds=epoch_s)).isoformat()[:19]


@lru_cache(maxsize=10_000)
def json_text(text: str) -> str:
    """A string as JSON writes it; there are few sensors and many readings."""
    return json.dumps(text, ensure_ascii=False)


def encode(reading: Reading, journal_name: str, sequence: int) -> Record:
    """Turn a reading into the record with this sequence.

    Args:
        reading: the reading.
        journal_name: `gateway_id/journal_id`, the part of event_id before the sequence.
        sequence: the record's place in the journal, 1 or more.
    """
    epoch_ms = timestamp_ms(reading.measured_at)
    # Written out: json.dumps takes three times as long, and this runs for every reading. A float's repr is JSON.
    flags = (CLOCK_UNSYNCED if reading.clock_unsynced else "") + (RETAINED if reading.retained else "")
    value = (
        f'{{"sensor_id":{json_text(reading.sensor_id)},"suhu":{reading.celsius!r},'
        f'"measured_at":"{rfc3339(epoch_ms)}","source":"{reading.source}",'
        f'"event_id":"{journal_name}/{sequence}"{flags}}}'
    )
    return Record(sequence, reading.sensor_id.encode(), value.encode(), epoch_ms)


def replayed(record: Record) -> Record:
    """The record with `"replayed": true`: it waited, so its lateness says nothing about the machine."""
    if record.value.endswith(REPLAYED):
        return record
    return replace(record, value=record.value[:-1] + REPLAYED)


def encode_held(reading: Reading) -> bytes:
    """The form in which the journal keeps a reading that waits for its second to end; a retained one never does."""
    fields = [
        reading.sensor_id,
        reading.celsius,
        timestamp_ms(reading.measured_at),
        reading.source,
        reading.clock_unsynced,
    ]
    return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def decode_held(payload: bytes) -> Reading:
    """The reading that `encode_held` wrote, its time cut to milliseconds."""
    sensor_id, celsius, measured_at_ms, source, clock_unsynced = json.loads(payload)
    return Reading(sensor_id, celsius, EPOCH + measured_at_ms * ONE_MILLISECOND, source, clock_unsynced)
