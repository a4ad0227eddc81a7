"""From where each partition is read: the newest state first, the hour before it afterwards."""

from collections.abc import Iterable
from dataclasses import dataclass

from kafka import TopicPartition

from dashboard.feed.library import Reader

TAIL_RECORDS = 4_000  # of all partitions of a topic together; read before anything is live
TAIL_MS = 15_000  # of the readings: whoever reports each second, or each ten, is there at once
HOUR_MS = 3_600_000
OLD_RECORDS = 2_000  # of all partitions together, however old: how a plant was that stands still
HOUR_RECORDS = 1_000_000  # of all partitions together: an hour of 270 sensors at one a second, less of more


@dataclass(frozen=True, slots=True)
class Start:
    """Where the reading of a partition begins; what is before `end` was there before the dashboard."""

    hour: int  # for the hour's lowest and highest; `tail` where that is not wanted
    tail: int
    end: int


def starts(
    reader: Reader, partitions: Iterable[TopicPartition], readings: str, now_ms: int
) -> dict[TopicPartition, Start]:
    """Ask Kafka where to begin.

    Args:
        reader: asks, and blocks.
        partitions: of any topics.
        readings: the topic whose last hour is wanted.
        now_ms: what time it is.

    Raises:
        KafkaError: no answer in time.
    """
    wanted = list(partitions)
    timed = [one for one in wanted if one.topic == readings]
    first, end = reader.beginnings(wanted), reader.ends(wanted)
    recent = reader.at(timed, now_ms - TAIL_MS) if timed else {}
    hour = reader.at(timed, now_ms - HOUR_MS) if timed else {}
    found = {}
    for one in wanted:
        of_topic = sum(other.topic == one.topic for other in wanted)
        tail = max(first[one], end[one] - TAIL_RECORDS // of_topic)
        back = tail
        if one.topic == readings:
            since = recent[one]
            tail = max(tail, end[one] if since is None else since)
            since = hour[one]
            back = end[one] if since is None else since
            back = min(back, end[one] - OLD_RECORDS // of_topic)
            back = max(first[one], back, end[one] - HOUR_RECORDS // of_topic)
        found[one] = Start(min(back, tail), tail, end[one])
    return found
