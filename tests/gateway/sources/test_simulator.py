import asyncio
import itertools
from datetime import UTC, datetime

from gateway.sources.simulator import SimulatorSource, machines

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def curve(seed: int, seconds: int) -> list[float]:
    machine = machines(["S1", "S2", "S3"], seed)["S3"]
    return [machine.step(1.0) for _ in range(seconds)]


def test_the_last_machine_overheats_within_20_s_and_cools_down_again_and_again() -> None:
    for seed in range(20):
        hot = [celsius > 80 for celsius in curve(seed, 300)]
        assert any(hot[:20]), seed
        crossings = sum(1 for before, after in itertools.pairwise(hot) if before != after)
        assert crossings >= 8, seed


def test_the_other_machines_never_do() -> None:
    for seed in range(20):
        for sensor_id in ("S1", "S2"):
            machine = machines(["S1", "S2", "S3"], seed)[sensor_id]
            assert max(machine.step(1.0) for _ in range(600)) < 80


def test_the_same_seed_gives_the_same_temperatures() -> None:
    assert curve(7, 50) == curve(7, 50) != curve(8, 50)


def test_temperatures_do_not_depend_on_the_length_of_the_steps() -> None:
    fine, coarse = (machines(["S1"], 1)["S1"] for _ in range(2))
    fine.noise_celsius = coarse.noise_celsius = 0.0
    for _ in range(20):
        fine.step(0.5)
    for _ in range(10):
        coarse.step(1.0)
    assert abs(fine.celsius - coarse.celsius) < 1e-9


def test_each_delivery_has_one_reading_of_each_machine() -> None:
    async def scenario() -> list[str]:
        source = SimulatorSource(["S1", "S2", "S3"], 1, 0.001, now=lambda: MOMENT)
        async with source.open() as deliveries:
            delivery = await anext(deliveries)
            await anext(deliveries)
        assert {reading.source for reading in delivery.readings} == {"simulator"}
        return [reading.sensor_id for reading in delivery.readings]

    assert asyncio.run(scenario()) == ["S1", "S2", "S3"]
