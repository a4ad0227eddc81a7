import asyncio
import socket
import termios

import paho.mqtt.publish as publish
import pytest

from gateway.cli.survey import answers, judged, listen_to_broker, listen_to_port, topic_filter
from gateway.decode import Found
from sandbox.mosquitto import Mosquitto
from tests.gateway.cli.talker import talking

GARBLED = bytes.fromhex("9e6600f818e07e86e6e600fe0a9e98")


def test_the_baudrate_at_which_there_are_readings_is_found() -> None:
    with talking(b"S1 70.25\n", termios.B115200, otherwise=GARBLED) as port:
        report = asyncio.run(listen_to_port(port, (9600, 115_200), 0.5))
    assert report.port == port
    assert report.baudrate == 115_200
    assert report.readings == (Found("S1", 70.25),)


def test_of_several_readings_the_last_of_each_sensor_is_kept() -> None:
    assert judged("p", 9600, b"\nS1 70\nS2 71\nS1 72\n").readings == (Found("S1", 72.0), Found("S2", 71.0))


def test_noise_and_silence_are_no_text() -> None:
    assert judged("p", 9600, GARBLED * 20).lines == ()
    assert judged("p", 9600, b"").lines == ()


def test_text_without_a_reading_is_kept_to_look_at() -> None:
    report = judged("p", 9600, b"dity 44\nHumidity 45\nHumidity 46\nHumidity 45\n")
    assert report.lines == ("Humidity 45", "Humidity 46")
    assert not report.numbers_alone


def test_numbers_among_other_lines_are_told_and_not_taken_for_temperatures() -> None:
    report = judged("/dev/ttyUSB0", 9600, b"\nready\n23.5\n23.6\n")
    assert report.readings == ()
    assert report.numbers_alone


def test_a_port_that_cannot_be_opened_is_told() -> None:
    report = asyncio.run(listen_to_port("/dev/ttyUSB99", (9600, 115_200), 5.0))
    assert report.trouble is not None
    assert "is not there" in report.trouble


@pytest.mark.parametrize(
    ("topic", "readings", "template"),
    [
        ("suhu/S1", [Found("S1", 70.0)], "suhu/{sensor_id}"),
        ("hall/S1", [Found("hall/S1", 70.0)], "hall/+"),
        ("plant/oven/temperature", [Found("plant/oven", 70.0)], "plant/+/temperature"),
        ("tele/a/SENSOR", [Found("a/DS18B20", 70.0)], "tele/a/SENSOR"),
        ("hall/S1", [Found("28FF64", 70.0)], "hall/S1"),
        ("S1", [Found("S1", 70.0)], "S1"),
        ("hall/S1", [Found("hall/S1", 70.0), Found("hall/S2", 71.0)], "hall/S1"),
        ("hall/{x}", [Found("hall/{x}", 70.0)], None),
    ],
)
def test_a_topic_that_names_its_sensor_stands_for_its_likes(
    topic: str, readings: list[Found], template: str | None
) -> None:
    assert topic_filter(topic, readings) == template


@pytest.mark.system
def test_topics_with_temperatures_are_found_on_a_broker(mosquitto: Mosquitto) -> None:
    for topic, payload in (("survey/S1", b'{"suhu": 70.25}'), ("survey/door", b"open"), ("survey/S2", b'{"suhu": 71}')):
        publish.single(topic, payload, retain=True, hostname=mosquitto.host, port=mosquitto.port)
    report = listen_to_broker(mosquitto.host, mosquitto.port, 1.0)
    assert report.topics.count("survey/+") == 1
    assert {Found("survey/S1", 70.25), Found("survey/S2", 71.0)} <= set(report.readings)
    assert report.messages >= 3


def test_a_broker_that_is_away_is_told() -> None:
    report = listen_to_broker("127.0.0.1", 1, 5.0)
    assert report.trouble is not None
    assert "cannot be reached" in report.trouble


def test_whether_something_listens_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert answers(f"127.0.0.1:{port}")
    assert not answers(f"127.0.0.1:{port}")
