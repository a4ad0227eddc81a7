import threading
from types import TracebackType

import pytest

from sandbox.composition import Sandbox
from sandbox.errors import SandboxError


class Part:
    """Tells when it comes and goes."""

    def __init__(self, name: str, events: list[str], together: threading.Barrier | None = None) -> None:
        self._name = name
        self._events = events
        self._together = together

    def __enter__(self) -> "Part":
        if self._together:
            self._together.wait(10)
        self._events.append(f"{self._name} up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._events.append(f"{self._name} down")


class Broken(Part):
    def __enter__(self) -> "Part":
        raise SandboxError("no Java")


def test_parts_stop_in_the_reverse_order() -> None:
    events: list[str] = []
    with Sandbox() as sandbox:
        sandbox.start(Part("broker", events))
        sandbox.start(Part("job", events))
    assert events == ["broker up", "job up", "job down", "broker down"]


def test_parts_that_are_given_together_start_at_the_same_time() -> None:
    events: list[str] = []
    together = threading.Barrier(2)  # each waits for the other
    with Sandbox() as sandbox:
        sandbox.start(Part("a", events, together), Part("b", events, together))
        assert sorted(events) == ["a up", "b up"]


def test_a_part_that_does_not_start_is_told_and_the_others_are_stopped() -> None:
    events: list[str] = []
    with pytest.raises(SandboxError, match="no Java"), Sandbox() as sandbox:
        sandbox.start(Part("mosquitto", events), Broken("kafka", events))
    assert events == ["mosquitto up", "mosquitto down"]


def test_an_error_in_the_context_stops_all() -> None:
    events: list[str] = []

    def interrupted() -> None:
        with Sandbox() as sandbox:
            sandbox.start(Part("broker", events))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert events == ["broker up", "broker down"]
