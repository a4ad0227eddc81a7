"""A consumer of your own: print the readings above 80 °C, from the beginning of the topic on.

python -m examples.hot_readings [°C]
"""

import json
import sys

from examples.follow_topic import follow


def hot_line(value: bytes, threshold_celsius: float) -> str | None:
    """A line about the reading in a record; None if it is not hot. A filter and a transformation in one."""
    reading = json.loads(value)
    if reading["suhu"] <= threshold_celsius:
        return None
    fahrenheit = reading["suhu"] * 1.8 + 32
    return f"{reading['measured_at']} {reading['sensor_id']} {reading['suhu']} °C = {fahrenheit:.1f} °F"


def main(threshold_celsius: float) -> int:
    """Print the hot readings of the topic."""

    def show(partition: int, offset: int, value: bytes) -> None:
        line = hot_line(value, threshold_celsius)
        if line:
            print(f"partition {partition} offset {offset}: {line}", flush=True)

    return follow("sensor-suhu", show)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 80.0))
