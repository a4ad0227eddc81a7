"""`python -m tests.deploy.broker FOLDER`: a Kafka with the topic of the readings, until it is killed."""

import signal
import sys
from pathlib import Path

from sandbox.kafka import Kafka

if __name__ == "__main__":
    with Kafka(Path(sys.argv[1]), port=9092) as kafka:
        kafka.create_topic("sensor-suhu", 3)
        print("the topic is there", flush=True)  # noqa: T201 - what the test waits for
        signal.pause()
