"""A consumer of your own: print the readings above 80 °C, from the beginning of the topic on.

python -m examples.hot_readings [°C]
"""

import json
import sys

from kafka.errors import KafkaError

from examples.follow_topic import records


def hot_line(value: bytes, threshold_celsius: float) -> str | None:
    """A line about the reading in a record; None if it is not hot. A filter and a transformation in one."""
    reading = json.loads(value)
    if reading["suhu"] <= threshold_celsius:
        return None
    fahrenheit = reading["suhu"] * 1.8 + 32
    return f"{reading['measured_at']} {reading['sensor_id']} {reading['suhu']} °C = {fahrenheit:.1f} °F"


def main(threshold_celsius: float) -> int:
    """Follow the topic until Ctrl-C."""
    try:
        for partition, offset, value in records("sensor-suhu"):
            line = hot_line(value, threshold_celsius)
            if line:
                print(f"partition {partition} offset {offset}: {line}", flush=True)
    except KeyboardInterrupt:
        return 0
    except KafkaError as error:
        print(f"no Kafka at localhost:9092 ({error}): start python -m examples.kafka_here", file=sys.stderr)
        return 69
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 80.0))
