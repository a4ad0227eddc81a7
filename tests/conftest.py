import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto


def pytest_configure() -> None:
    """Make the outcome of a test depend neither on the shell that runs it nor on how busy the machine is."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in the background of a shell Ctrl-C means nothing
        signal.signal(signal.SIGINT, signal.default_int_handler)
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One broker for all tests that do not harm it: give topics names of your own."""
    with Kafka(tmp_path_factory.mktemp("kafka")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """One MQTT broker for all tests that do not harm it: use topics and client ids of your own."""
    with Mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker
