import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.apt import install_container_engine
from sandbox.fetched import PROJECT
from tests.compose.engine import Engine, what_is_missing
from tests.compose.images import make_images
from tests.compose.stack import Stack

KEPT = PROJECT / "var" / "test-compose"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--keep-images", action="store_true", help="compose tests: keep what is built for the next run")


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A short path: sockets are in it."""
    made = Path(tempfile.mkdtemp(prefix="suhu-compose-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    """An engine's data with every image in it."""
    if missing := what_is_missing():
        pytest.fail(missing)
    install_container_engine(folder / "apt.log")
    place = KEPT if request.config.getoption("--keep-images") else folder / "data"
    building = folder / "building"
    building.mkdir()
    with Engine(building, place, for_builds=True) as engine:
        engine.clear()
        make_images(engine, building)
        Stack(engine, "default", "pipeline").build()
    yield place
    if place != KEPT:
        shutil.rmtree(place)


@pytest.fixture(scope="session")
def engine(data: Path, folder: Path) -> Iterator[Engine]:
    """An engine apart from this machine, with every image of the stack and nothing else."""
    with Engine(folder, data) as started:
        started.clear()
        yield started
