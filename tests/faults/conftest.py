from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.kafka import Kafka
from sandbox.mosquitto import Mosquitto
from tests.faults.outcome import Outcome
from tests.faults.proxy import Proxy
from tests.faults.report import REPORT, merge, render, with_soak
from tests.faults.rig import Rig

FOUND = pytest.StashKey[list[Outcome]]()

MakeRig = Callable[..., Rig]
MakeOutcome = Callable[..., Outcome]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="fault tests: as many runs as the report needs; writes it")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if found := session.config.stash.get(FOUND, []):
        REPORT.write_text(with_soak(render(merge(found))))


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long run."""
    return bool(request.config.getoption("--full", default=False))


@pytest.fixture
def outcome(request: pytest.FixtureRequest, full: bool) -> Iterator[MakeOutcome]:
    """Make an outcome that goes into the report when the test passes."""
    made: list[Outcome] = []

    def make(row: int, fault: str, note: str = "") -> Outcome:
        made.append(Outcome(row, fault, note=note))
        return made[-1]

    failed_before = request.session.testsfailed
    yield make
    if full and request.session.testsfailed == failed_before:
        request.config.stash.setdefault(FOUND, []).extend(made)


@pytest.fixture
def make_rig(tmp_path: Path, kafka: Kafka, mosquitto: Mosquitto) -> Iterator[MakeRig]:
    """Enter a rig on the brokers that all tests share, or on others; it is left when the test ends."""
    with ExitStack() as stack:

        def make(**details: Any) -> Rig:
            brokers = {"kafka": kafka, "mosquitto": mosquitto, **details}
            return stack.enter_context(Rig(tmp_path, **brokers))

        yield make


@pytest.fixture
def kafka_proxy(kafka: Kafka) -> Iterator[Proxy]:
    """The way to the shared Kafka, which a test may harm."""
    with Proxy(int(kafka.bootstrap_servers.rsplit(":", 1)[1])) as proxy:
        yield proxy


@pytest.fixture
def mqtt_proxy(mosquitto: Mosquitto) -> Iterator[Proxy]:
    """The way to the shared MQTT broker, which a test may harm."""
    with Proxy(mosquitto.port) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def _kafka_to_harm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    with Kafka(tmp_path_factory.mktemp("kafka-to-harm")) as cluster:
        yield cluster


@pytest.fixture
def kafka_to_harm(_kafka_to_harm: Kafka) -> Iterator[Kafka]:
    """A broker that a test may kill, freeze and stop; it runs when the next one gets it."""
    yield _kafka_to_harm
    _kafka_to_harm.thaw()
    _kafka_to_harm.start()


@pytest.fixture(scope="session")
def _mosquitto_to_harm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path_factory.mktemp("mosquitto-to-harm")) as broker:
        yield broker


@pytest.fixture
def mosquitto_to_harm(_mosquitto_to_harm: Mosquitto) -> Iterator[Mosquitto]:
    """A broker that a test may kill, freeze and stop; it runs when the next one gets it."""
    yield _mosquitto_to_harm
    if not _mosquitto_to_harm.alive:
        _mosquitto_to_harm.start()
