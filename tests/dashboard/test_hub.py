import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dashboard.hub import Hub, HubFull
from dashboard.plant.plant import Plant
from tests.dashboard.plant.examples import at, reading


def parsed(event: bytes) -> tuple[str, dict[str, Any]]:
    name, data, *rest = event.decode().split("\n")
    assert rest == ["", ""]
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


@asynccontextmanager
async def running(max_clients: int = 4) -> AsyncIterator[tuple[Hub, Plant]]:
    plant = Plant({}, 1000, stale_after_s=5.0)
    hub = Hub(plant, lambda: at(0), "abc", max_clients)
    task = asyncio.create_task(hub.run())
    try:
        yield hub, plant
    finally:
        task.cancel()


def test_a_snapshot_first_and_then_what_changes() -> None:
    async def scenario() -> None:
        async with running() as (hub, plant):
            events = hub.take_seat().events()
            name, content = parsed(await anext(events))
            assert (name, content["server"], content["sensors"]) == ("snapshot", "abc", [])
            plant.take_reading(reading(0, 83.4), at(0), live=True)
            hub.touch()
            name, content = parsed(await anext(events))
            assert (name, content["sensors"][0]["celsius"]) == ("delta", 83.4)
            assert content.keys() == {"server", "now_ms", "sensors"}

    asyncio.run(scenario())


def test_a_slow_reader_gets_the_newest_state_and_no_queue() -> None:
    async def scenario() -> None:
        async with running() as (hub, plant):
            quick, slow = hub.take_seat().events(), hub.take_seat().events()
            await anext(quick)
            await anext(slow)
            for second in range(5):
                plant.take_reading(reading(second, 20.0 + second), at(second), live=True)
                hub.touch()
                assert parsed(await anext(quick))[1]["sensors"][0]["celsius"] == 20.0 + second
            content = parsed(await anext(slow))[1]
            assert [tile["celsius"] for tile in content["sensors"]] == [24.0]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(slow), 0.3)

    asyncio.run(scenario())


def test_all_get_the_same_bytes() -> None:
    async def scenario() -> None:
        async with running() as (hub, plant):
            streams = [hub.take_seat().events() for _ in range(3)]
            for stream in streams:
                await anext(stream)
            plant.take_reading(reading(0), at(0), live=True)
            hub.touch()
            first, *others = [await anext(stream) for stream in streams]
            assert all(each is first for each in others)

    asyncio.run(scenario())


def test_seats_are_limited_and_given_back() -> None:
    async def scenario() -> None:
        async with running(max_clients=1) as (hub, _):
            with hub.take_seat():
                with pytest.raises(HubFull, match="--max-clients"):
                    hub.take_seat()
                assert (hub.clients, hub.refused) == (1, 1)
            assert hub.clients == 0
            hub.take_seat()

    asyncio.run(scenario())


def test_closing_ends_every_stream() -> None:
    async def scenario() -> None:
        async with running() as (hub, _):
            events = hub.take_seat().events()
            await anext(events)
            hub.close()
            assert [each async for each in events] == []

    asyncio.run(scenario())
