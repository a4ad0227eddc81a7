"""What keeps records from Kafka: one vocabulary for every client library, and words for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.errors import SinkUnavailable
from gateway.model import Record

# too_large and untimely are the record's fault: the same bytes fail for ever. Everything else may pass.
Kind = Literal["too_large", "untimely", "forbidden", "no_topic", "no_broker", "other"]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why Kafka did not take records."""

    kind: Kind
    detail: str  # the client's own words


def unavailable(failure: Failure, servers: Sequence[str], topic: str) -> SinkUnavailable:
    """Cause and remedy of a failure that may pass."""
    where = ", ".join(servers)
    match failure.kind:
        case "forbidden":
            return SinkUnavailable(f"this client may not use the topic {topic}: ask for the permission")
        case "no_topic":
            return SinkUnavailable(f"the broker at {where} has no topic {topic}: create it, with 3 partitions or more")
        case "no_broker":
            return SinkUnavailable(
                f"no broker answers at {where}: check the address and that Kafka runs ({failure.detail})"
            )
        case _:
            return SinkUnavailable(f"Kafka at {where} answers: {failure.detail}")


def refusal(record: Record, failure: Failure) -> str:
    """Cause and remedy of a record that Kafka will never take."""
    return f"{len(record.value)} bytes are too large for the topic: raise its max.message.bytes ({failure.detail})"
