"""Print every record of a topic, one a line: `python -m tests.compose.topic SERVERS TOPIC`, run where the broker is."""

import sys

from sandbox.records import read_topic

if __name__ == "__main__":
    servers, topic = sys.argv[1:]
    for record in read_topic(servers, topic):
        sys.stdout.buffer.write((record.value or b"") + b"\n")
