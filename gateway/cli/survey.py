"""What is there to be read: listens to ports and brokers for a few seconds, and leaves them as they were."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from gateway.cli.frames import Frames
from gateway.decode import Device, Found, TopicDecoder
from gateway.errors import SourceLost
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_ear import heard
from gateway.sources.mqtt_topics import template_pattern
from gateway.sources.port_names import better_name
from gateway.sources.serial_options import SerialOptions
from gateway.sources.serial_port import open_port
from gateway.sources.serial_watch import is_mostly_noise

MAX_BYTES = 65_536  # of one port; enough for every line to have come several times
MAX_TOPICS = 20  # filters in the file; a person finds a shorter way to say more
SHOWN_LINES = 3
KAFKA_ANSWER_S = 2.0
OUR_TEMPLATE = "suhu/{sensor_id}"  # where our own devices publish
OURS = template_pattern(OUR_TEMPLATE)


@dataclass(frozen=True, slots=True)
class PortReport:
    """What one port said."""

    port: str  # under the name to configure it by
    baudrate: int
    readings: tuple[Found, ...] = ()  # the last of each sensor
    lines: tuple[str, ...] = ()  # some of what came, printable, when there is no reading in it
    numbers_alone: bool = False  # they would be readings if somebody said whose
    trouble: str | None = None  # it cannot be opened


@dataclass(frozen=True, slots=True)
class BrokerReport:
    """What one broker passed on."""

    host: str
    port: int
    topics: tuple[str, ...] = ()  # filters of the messages with readings
    more_topics: int = 0  # that are not among them
    readings: tuple[Found, ...] = ()  # the last of each sensor
    messages: int = 0
    trouble: str | None = None  # it cannot be listened to


async def listen_to_port(path: str, baudrates: Sequence[int], seconds: float) -> PortReport:
    """Try the baud rates until one gives readings; else the one that gives text is told."""
    port = better_name(path) or path
    best = PortReport(port, baudrates[0])
    for baudrate in baudrates:
        try:
            data = await _captured(SerialOptions(port=path, baudrate=baudrate), seconds)
        except SourceLost as exc:
            return PortReport(port, baudrate, trouble=str(exc))
        report = judged(port, baudrate, data)
        if report.readings:
            return report
        if report.lines and not best.lines:
            best = report
    return best


def judged(port: str, baudrate: int, data: bytes) -> PortReport:
    """What these bytes are worth."""
    name = PurePosixPath(port).name
    frames = list(Frames(Device(), name).feed(data))
    if found := [one for frame in frames for one in frame.found]:
        return PortReport(port, baudrate, _last_of_each(found))
    lines = tuple(dict.fromkeys(frame.text for frame in frames if frame.raw and not frame.cut))[:SHOWN_LINES]
    if not lines or is_mostly_noise(data):
        return PortReport(port, baudrate)
    named = [one for frame in Frames(Device(sensor_id="S1"), name).feed(data) for one in frame.found]
    return PortReport(port, baudrate, lines=lines, numbers_alone=bool(named))


def listen_to_broker(host: str, port: int, seconds: float) -> BrokerReport:
    """Everything that is published meanwhile, and what is retained; blocks."""
    decoder, messages = TopicDecoder(Device()), 0
    found: list[Found] = []
    topics: dict[str, None] = {}  # in the order in which they were heard
    try:
        for message in heard(Broker(host, port, ""), ["#"], seconds):
            messages += 1
            ours = OURS.fullmatch(message.topic)
            readings = decoder.decode(message.topic, message.payload, ours["sensor_id"] if ours else None).found
            if readings and (topic := topic_filter(message.topic, readings)) is not None:
                found += readings
                topics[topic] = None
    except SourceLost as exc:
        return BrokerReport(host, port, trouble=str(exc))
    kept = tuple(topics)[:MAX_TOPICS]
    return BrokerReport(host, port, kept, len(topics) - len(kept), _last_of_each(found), messages)


def topic_filter(topic: str, readings: Sequence[Found]) -> str | None:
    """The filter for a topic and its likes, in which every sensor has the id that it has here.

    `+` stands for the last level of the id where the topic begins with it; None when no filter can name the topic.
    """
    if OURS.fullmatch(topic) is not None:
        return OUR_TEMPLATE
    if any(sign in topic for sign in "+#{}\0"):
        return None
    levels = topic.split("/")
    of_id = readings[0].sensor_id.split("/")
    if len(readings) == 1 and len(of_id) > 1 and levels[: len(of_id)] == of_id:
        levels[len(of_id) - 1] = "+"
    return "/".join(levels)


def answers(server: str) -> bool:
    """Whether something listens at host:port; blocks."""
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), KAFKA_ANSWER_S).close()
    except (OSError, ValueError):
        return False
    return True


async def _captured(options: SerialOptions, seconds: float) -> bytes:
    data = b""
    try:
        async with asyncio.timeout(seconds), open_port(options) as chunks:
            async for chunk in chunks:
                data += chunk
                if len(data) > MAX_BYTES:
                    break
    except TimeoutError:
        pass
    return data


def _last_of_each(found: Sequence[Found]) -> tuple[Found, ...]:
    return tuple({one.sensor_id: one for one in found}.values())
