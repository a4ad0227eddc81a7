"""What command line options of the jobs mean; each raises argparse's error for what cannot be meant."""

import argparse
import math
import re
from pathlib import Path
from typing import NoReturn

from suhu_jobs.errors import UsageError
from suhu_jobs.schema import TOPIC_PATTERN


class OptionParser(argparse.ArgumentParser):
    """Raises UsageError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(f"{message} (see --help)")


def add_kafka(parser: argparse.ArgumentParser) -> None:
    """Add where the readings are, and how to be let in: `bootstrap_servers`, `kafka_config`, `topic`."""
    add = parser.add_argument
    add("--bootstrap-servers", type=servers, default="localhost:9092", metavar="HOST:PORT,…", help="Kafka: %(default)s")
    add("--kafka-config", type=Path, metavar="FILE", help="TLS and login, as key=value lines: docs/security.md")
    add("--topic", type=topic, default="sensor-suhu", help="of the readings: %(default)s")


def add_heartbeat(parser: argparse.ArgumentParser) -> None:
    """Add where a health check sees that the queries run: `heartbeat`."""
    parser.add_argument(
        "--heartbeat",
        type=Path,
        metavar="FILE",
        help="set its time while the queries run, at least twice a second, for health checks: none",
    )


def add_metrics(parser: argparse.ArgumentParser) -> None:
    """Add where Prometheus is answered: `metrics_port`, `metrics_host`."""
    add = parser.add_argument
    words = "answer Prometheus at http://127.0.0.1:PORT/metrics; 0, not at all: %(default)s"
    add("--metrics-port", type=port, default=0, metavar="PORT", help=words)
    words = "at this address instead, where whoever reaches it may read: %(default)s"
    add("--metrics-host", default="127.0.0.1", metavar="ADDRESS", help=words)


def servers(text: str) -> str:
    """Check `host:port,host:port`."""
    for server in text.split(","):
        host, colon, port = server.rpartition(":")
        if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
            raise argparse.ArgumentTypeError(f"{server!r} is not HOST:PORT")
    return text


def topic(text: str) -> str:
    """Check the name of a topic."""
    if not re.fullmatch(TOPIC_PATTERN, text) or text in {".", ".."}:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no topic name: up to 249 letters, digits, dots, dashes, underscores"
        )
    return text


def celsius(text: str) -> float:
    """Read a finite temperature."""
    number = _number(text)
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no temperature")
    return number


def seconds(text: str) -> float:
    """Read a duration above 0."""
    return _above_zero(text, "number of seconds")


def lateness(text: str) -> float:
    """Read a duration of 0 to 60 seconds."""
    number = _number(text)
    if not 0 <= number <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to 60")
    return number


def heating(text: str) -> float:
    """Read a rise in °C per minute, above 0."""
    return _above_zero(text, "rise in °C per minute")


def partitions(text: str) -> int:
    """Read a number of partitions."""
    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of partitions")
    return int(text)


def count(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def port(text: str) -> int:
    """Read a TCP port; 0 stands for none."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port (0 to 65535)")
    return int(text)


def _above_zero(text: str, what: str) -> float:
    number = _number(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no {what} above 0")
    return number


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
