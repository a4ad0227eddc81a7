"""What landed in the topic, held against what was sent. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bench.gateway_load.readings import number_of


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record of the topic, in its partition's order."""

    sensor_id: str
    number: int
    event_id: str
    appended_ms: int  # the broker's clock

    @classmethod
    def from_value(cls, value: bytes, appended_ms: int) -> "Arrival":
        """Read a record of `sensor-suhu`; see contracts/."""
        fields = json.loads(value)
        return cls(fields["sensor_id"], number_of(fields["suhu"]), fields["event_id"], appended_ms)


@dataclass(frozen=True, slots=True)
class Account:
    """How a number of sent readings compares with what landed."""

    lost: int
    resent: int  # duplicates with the event_id of the first
    redelivered: int  # duplicates with an event_id of their own: the source sent it again
    reordered: int  # later than a younger reading of their sensor, duplicates not counted

    @classmethod
    def of(cls, arrivals: Sequence[Arrival], sent: int) -> "Account":
        """Compare with the readings 0 to `sent` - 1."""
        event_ids: set[str] = set()
        numbers: set[int] = set()
        newest: dict[str, int] = {}
        resent = redelivered = reordered = 0
        for arrival in arrivals:
            if arrival.event_id in event_ids:
                resent += 1
                continue
            event_ids.add(arrival.event_id)
            if arrival.number in numbers:
                redelivered += 1
                continue
            numbers.add(arrival.number)
            reordered += arrival.number < newest.get(arrival.sensor_id, -1)
            newest[arrival.sensor_id] = max(arrival.number, newest.get(arrival.sensor_id, -1))
        return cls(len(set(range(sent)) - numbers), resent, redelivered, reordered)


def records_per_s(arrivals: Sequence[Arrival]) -> float:
    """The speed at which the broker took them: those after the first batch, by the time since it.

    Raises:
        ValueError: they came all at once, or there are none.
    """
    first_ms = min((arrival.appended_ms for arrival in arrivals), default=0)
    last_ms = max((arrival.appended_ms for arrival in arrivals), default=0)
    if last_ms == first_ms:
        raise ValueError(f"{len(arrivals)} records at one moment have no speed")
    later = sum(arrival.appended_ms > first_ms for arrival in arrivals)
    return later / (last_ms - first_ms) * 1000
