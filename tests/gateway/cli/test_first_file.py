import tomllib

import pytest

from gateway.cli.first_file import first_file
from gateway.cli.survey import BrokerReport, PortReport
from gateway.config import check
from gateway.decode import Found

SPEAKS = PortReport("/dev/serial/by-id/usb-a", 115_200, (Found("S1", 70.25), Found("S2", 71.0)))
PUBLISHES = BrokerReport("mqtt.example", 1884, ("suhu/{sensor_id}", "plant"), 3, (Found("S3", 72.5),), 9)


def test_what_gave_readings_is_configured_and_says_which() -> None:
    text = first_file("pabrik-1", ["kafka:9092"], [SPEAKS], [PUBLISHES])
    config = check(tomllib.loads(text), "test")
    assert config.gateway.id == "pabrik-1"
    assert config.kafka.bootstrap_servers == ["kafka:9092"]
    assert [(one.port, one.baudrate) for one in config.serial] == [("/dev/serial/by-id/usb-a", 115_200)]
    assert [(one.host, one.port, one.topics) for one in config.mqtt] == [
        ("mqtt.example", 1884, ["suhu/{sensor_id}", "plant"])
    ]
    assert "# It said: S1 70.25 °C, S2 71 °C.\n" in text
    assert "# It passed on: S3 72.5 °C. 3 topics more are not named here.\n" in text


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (PortReport("/dev/ttyUSB1", 9600), "said nothing that is text"),
        (
            PortReport("/dev/ttyUSB1", 9600, trouble="/dev/ttyUSB1 is in use by x (PID 1): stop it"),
            "in use by x (PID 1)",
        ),
        (PortReport("/dev/ttyUSB1", 9600, lines=("hum 45\\x1b",)), "    hum 45\\x1b"),
        (PortReport("/dev/ttyUSB1", 9600, lines=("23.5",), numbers_alone=True), '# sensor_id = "S1"'),
    ],
)
def test_what_gave_none_is_a_comment_that_becomes_a_table_when_it_is_uncommented(
    report: PortReport, words: str
) -> None:
    text = first_file("pabrik-1", ["kafka:9092"], [report])
    assert words in text
    assert "looks again at each start" in text
    assert check(tomllib.loads(text), "test").serial == []
    table = text[text.index("# [[serial]]") :].split("\n\n")[0].replace("# ", "")
    assert check(tomllib.loads(table), "test").serial[0].port == "/dev/ttyUSB1"


def test_a_broker_that_cannot_be_heard_is_a_comment() -> None:
    text = first_file("pabrik-1", ["kafka:9092"], (), [BrokerReport("mqtt", 1883, trouble="the broker is away")])
    assert check(tomllib.loads(text), "test").mqtt == []
    assert "# the broker is away.\n# [[mqtt]]\n" in text


def test_names_with_quotes_and_control_characters_stay_what_they_are() -> None:
    port = 'tty"\\\x7fö'
    config = check(tomllib.loads(first_file("a", ["k:1"], [PortReport(port, 9600, (Found("S1", 1.0),))])), "test")
    assert config.serial[0].port == port


def test_the_simulator_is_a_table_of_its_own() -> None:
    config = check(tomllib.loads(first_file("a", ["k:1"], simulate=True)), "test")
    assert config.simulator is not None
    assert config.simulator.sensors == ["S1", "S2", "S3"]


def test_health_is_told_to_this_machine_alone() -> None:
    health = check(tomllib.loads(first_file("a", ["k:1"])), "test").health
    assert health is not None
    assert (health.listen, health.allow_network) == ("127.0.0.1:9108", False)
