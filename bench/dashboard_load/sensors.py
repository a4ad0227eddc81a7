"""Sensors that report once a second, until ended: `python -m bench.dashboard_load.sensors SERVERS TOPIC COUNT`."""

import json
import math
import sys
import time
from datetime import UTC, datetime

from kafka import KafkaProducer

from sandbox.records import API_VERSION


def reading(number: int, second: int, sequence: int) -> bytes:
    """A record of the contract, measured now."""
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {
        "sensor_id": f"S{number}",
        "suhu": round(60 + 25 * math.sin(number + second / 30), 2),
        "measured_at": at,
        "source": "mqtt",
        "event_id": f"bench/aaaa/{sequence}",
    }
    return json.dumps(fields).encode()


def main(servers: str, topic: str, count: int) -> int:
    """Write, each sensor at its own part of the second."""
    producer = KafkaProducer(bootstrap_servers=servers.split(","), api_version=API_VERSION, linger_ms=0, acks=1)
    began_s, sequence = time.monotonic(), 0
    while True:
        second, number = divmod(sequence, count)
        time.sleep(max(0.0, began_s + second + number / count - time.monotonic()))
        sequence += 1
        producer.send(topic, reading(number, second, sequence), f"S{number}".encode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
