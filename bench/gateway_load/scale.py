from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How much each measurement takes."""

    drained: int = 100_000  # messages in the broker's queue
    backlog: int = 200_000  # records in the journal when Kafka comes back
    outage: int = 300_000  # messages that arrive while Kafka is down
    latency_s: int = 20
    idle_s: int = 20
    serial_s: int = 10
    queued_at_start: int = 1_000_000  # records of a killed gateway
    kills: int = 41


QUICK = Scale(
    drained=20_000, backlog=20_000, outage=30_000, latency_s=5, idle_s=5, serial_s=3, queued_at_start=50_000, kills=3
)
