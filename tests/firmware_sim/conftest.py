from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.firmware_sim.child import Child


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    """Start the simulator with these arguments; none is left behind."""
    children: list[Child] = []

    def started(*arguments: str) -> Child:
        children.append(Child(tmp_path, *arguments))
        return children[-1]

    yield started
    for child in children:
        if child.process.poll() is None:
            child.kill()


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """A name as udev gives it, in a directory that is not there yet."""
    return tmp_path / "by-id" / "usb-Suhu_Press_1-if00-port0"
