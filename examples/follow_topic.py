"""Print every record of a topic, from its beginning on: partition, offset, and what the record says.

python -m examples.follow_topic sensor-suhu-stats
"""

import sys
from collections.abc import Callable, Iterator

from kafka import KafkaConsumer
from kafka.errors import KafkaError


def records(topic: str) -> Iterator[tuple[int, int, bytes]]:
    """Partition, offset and value of each record, for ever; in each partition in order, across them in none."""
    consumer = KafkaConsumer(
        topic, bootstrap_servers="localhost:9092", api_version=(2, 6, 0), auto_offset_reset="earliest"
    )
    for record in consumer:
        yield record.partition, record.offset, record.value


def follow(topic: str, show: Callable[[int, int, bytes], None]) -> int:
    """Show each record until Ctrl-C; return the exit code."""
    try:
        for partition, offset, value in records(topic):
            show(partition, offset, value)
    except KeyboardInterrupt:
        return 0
    except KafkaError as error:
        print(f"no Kafka at localhost:9092 ({error}): start python -m examples.kafka_here", file=sys.stderr)
        return 69
    return 0


def main(topic: str) -> int:
    """Print the topic."""
    return follow(
        topic, lambda partition, offset, value: print(partition, offset, value.decode(errors="replace"), flush=True)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "sensor-suhu"))
