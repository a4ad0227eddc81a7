from typing import Self

import pytest

from sandbox.errors import SandboxError
from sandbox.startable import Startable


class Lamp(Startable):
    def __init__(self, *, broken: bool = False) -> None:
        self.events: list[str] = []
        self._broken = broken

    def start(self) -> Self:
        self.events.append("start")
        if self._broken:
            raise SandboxError("no light")
        return self

    def close(self) -> None:
        self.events.append("close")


def test_starts_on_entry_and_closes_on_exit() -> None:
    with Lamp() as lamp:
        assert lamp.events == ["start"]
    assert lamp.events == ["start", "close"]


def test_is_closed_when_it_does_not_start() -> None:
    lamp = Lamp(broken=True)
    with pytest.raises(SandboxError, match="no light"), lamp:
        pass
    assert lamp.events == ["start", "close"]
