"""A Kafka of your own on localhost:9092 with an empty topic for readings, until Ctrl-C.

python -m examples.kafka_here
"""

import shutil
import signal
import sys
import threading

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka

WORK = PROJECT / "var" / "learning"


def main() -> int:
    """Begin anew each time."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        with Kafka(WORK, port=9092) as kafka:
            kafka.create_topic("sensor-suhu", partitions=3)
            print(f"Kafka answers at {kafka.bootstrap_servers}. Ctrl-C ends it.", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except SandboxError as error:
        print(f"kafka_here: {error}", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main())
