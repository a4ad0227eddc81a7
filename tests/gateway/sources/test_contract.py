"""What every source keeps, whatever is on the other end of its link."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.errors import SourceLost
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.source import Source
from tests.gateway.sources.stages import (
    CsvStage,
    GrowingCsvStage,
    HttpPollStage,
    HttpPostStage,
    ModbusLineStage,
    ModbusTcpStage,
    MqttStage,
    SerialStage,
    SimulatorStage,
    Stage,
)

STAGES: dict[str, Callable[[Path], Stage]] = {
    "serial": lambda _folder: SerialStage(),
    "mqtt": MqttStage,
    "csv": CsvStage,
    "csv that grows": GrowingCsvStage,
    "http poll": lambda _folder: HttpPollStage(),
    "http post": lambda _folder: HttpPostStage(),
    "modbus tcp": lambda _folder: ModbusTcpStage(),
    "modbus line": lambda _folder: ModbusLineStage(),
    "simulator": lambda _folder: SimulatorStage(),
}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    return STAGES[request.param](tmp_path)


def play(stage: Stage, scenario: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with stage.set(), asyncio.timeout(60):
            await scenario()

    asyncio.run(run())


async def take(deliveries: AsyncIterator[Delivery], stage: Stage, count: int) -> list[Reading | Rejected]:
    """Take deliveries until they hold so many readings and rejections, and have each one durable at once."""
    taken: list[Reading | Rejected] = []
    while len(taken) < count:
        delivery = await anext(deliveries)
        stage.committed(delivery)
        taken += [*delivery.readings, *delivery.rejected]
    return taken


async def heard(source: Source, stage: Stage, *temperatures_fahrenheit: float) -> list[float]:
    """Open, hear what is said, close: in °C."""
    if stage.finite:
        await stage.say(*temperatures_fahrenheit)
    async with source.open() as deliveries:
        if not stage.finite:
            await stage.say(*temperatures_fahrenheit)
        taken = await take(deliveries, stage, len(temperatures_fahrenheit))
    return [one.celsius for one in taken if isinstance(one, Reading)]


async def listen(source: Source, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
    async with source.open() as deliveries:
        if meanwhile is not None:
            await meanwhile()
        async for _ in deliveries:
            pass


def test_readings_come_in_order_in_celsius_with_their_sensor_kind_and_time(stage: Stage) -> None:
    async def scenario() -> None:
        source = stage.source()
        if stage.finite:
            await stage.say(158.0, 176.0, 212.0)
        async with source.open() as deliveries:
            if stage.told and not stage.finite:
                await stage.say(158.0, 176.0, 212.0)
            taken = await take(deliveries, stage, 3)
        readings = [one for one in taken if isinstance(one, Reading)]
        assert {one.sensor_id for one in readings} == {stage.sensor_id}
        assert {one.source for one in readings} == {stage.kind}
        now = datetime.now(UTC)
        assert all(now - timedelta(minutes=1) < one.measured_at <= now for one in readings)
        if stage.told:
            assert [one.celsius for one in readings] == [70.0, 80.0, 100.0]

    play(stage, scenario)


def test_its_name_for_people_is_a_kind_and_a_place(stage: Stage) -> None:
    async def scenario() -> None:
        kind, _, place = stage.source().name.partition(" ")
        assert re.fullmatch("[a-z][a-z0-9_]{0,31}", kind)  # as in contracts/sensor-suhu-rejected.schema.json
        assert place

    play(stage, scenario)


def test_it_can_be_opened_again_and_again(stage: Stage) -> None:
    async def scenario() -> None:
        source = stage.source()
        for fahrenheit, celsius in ((158.0, 70.0), (176.0, 80.0), (212.0, 100.0)):
            if stage.told:
                assert await heard(source, stage, fahrenheit) == [celsius]
            else:
                async with source.open() as deliveries:
                    assert await take(deliveries, stage, 1)

    play(stage, scenario)


def test_it_ends_only_when_it_is_finite(stage: Stage) -> None:
    async def scenario() -> None:
        async with stage.source().open() as deliveries:
            if stage.finite:
                assert [delivery async for delivery in deliveries] == []
            elif stage.told:
                waiting = asyncio.ensure_future(anext(deliveries))  # type: ignore[arg-type]  # an async generator
                done, _ = await asyncio.wait([waiting], timeout=0.5)
                assert not done
                waiting.cancel()
                await asyncio.wait([waiting])

    play(stage, scenario)


def test_what_is_no_temperature_is_rejected_with_its_reason_and_the_next_reading_comes_out(stage: Stage) -> None:
    async def scenario() -> None:
        source = stage.source()
        if stage.finite:
            await stage.say(None, 158.0)
        async with source.open() as deliveries:
            if not stage.finite:
                await stage.say(None, 158.0)
            taken = await take(deliveries, stage, 2)
        (bad,) = (one for one in taken if isinstance(one, Rejected))
        (good,) = (one for one in taken if isinstance(one, Reading))
        assert bad.reason
        assert bad.detail
        assert bad.raw
        assert good.celsius == 70.0

    if not stage.told:
        pytest.skip("it says only what it wants to")
    play(stage, scenario)


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 50])
def test_it_may_be_cancelled_at_every_await_and_opened_again(stage: Stage, turns: int) -> None:
    async def scenario() -> None:
        source = stage.source()

        listening = asyncio.create_task(listen(source))
        for _ in range(turns):
            await asyncio.sleep(0)
        listening.cancel()
        await asyncio.wait([listening])
        assert listening.cancelled() or listening.exception() is None
        if stage.told:
            assert await heard(source, stage, 158.0) == [70.0]
        else:
            async with source.open() as deliveries:
                assert await take(deliveries, stage, 1)

    play(stage, scenario)


def test_a_broken_link_is_source_lost_and_nothing_else(stage: Stage) -> None:
    async def scenario() -> None:
        source = stage.source()
        if stage.finite:
            await stage.lose()
        else:
            with pytest.raises(SourceLost):
                await listen(source, stage.lose)
        with pytest.raises(SourceLost):
            await listen(source)

    if not stage.can_be_lost:
        pytest.skip("there is no link to lose")
    play(stage, scenario)


def test_what_was_durable_does_not_come_again_and_what_was_not_does(stage: Stage) -> None:
    async def scenario() -> None:
        await stage.say(158.0)
        async with stage.source().open() as deliveries:
            assert await take(deliveries, stage, 1)
        await stage.say(176.0)
        async with stage.source().open() as deliveries:
            first = await anext(deliveries)  # and the gateway is killed before its commit
            assert [one.celsius for one in first.readings] == [80.0]
        async with stage.source().open() as deliveries:
            (again,) = await take(deliveries, stage, 1)
            assert isinstance(again, Reading)
            assert again.celsius == 80.0

    if not stage.brings_again:
        pytest.skip("its far end cannot say it again")
    play(stage, scenario)


def test_a_post_is_answered_by_its_acknowledgement() -> None:
    stage = HttpPostStage()

    async def scenario() -> None:
        async with stage.source().open() as deliveries:
            await stage.say(158.0, None)
            delivery = await anext(deliveries)
            assert stage.statuses == []
            delivery.ack()
            (await anext(deliveries)).ack()
            while len(stage.statuses) < 2:
                await asyncio.sleep(0.01)
        assert stage.statuses == [200, 400]

    play(stage, scenario)
