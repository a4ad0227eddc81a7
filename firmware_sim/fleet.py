import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import assert_never

from firmware_sim.mqtt_client import MqttClient
from firmware_sim.outlet import Outlet
from firmware_sim.playback import Playback
from firmware_sim.pty_link import PtyLink
from firmware_sim.scenario import AnyDevice, MqttDevice, OnClose, PtyDevice, Scenario, TcpDevice
from firmware_sim.script import emissions
from firmware_sim.tcp_server import TcpServer
from firmware_sim.truth import TruthLog

DRAIN_S = 1.0  # for readers to take what was written before the devices go away


async def run(scenario: Scenario, truth: TruthLog, announce: Callable[[str], None]) -> None:
    """Run all devices until each one's script is over, or SIGTERM or SIGINT comes; then take them away.

    Raises:
        ExceptionGroup: of SimulatorError, when a device cannot be put in its place.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as places:
        outlets: list[Outlet] = []
        players: list[asyncio.Task[None]] = []
        for device in scenario.device:
            outlet = outlet_of(device, truth, announce)
            await places.enter_async_context(outlet.open(tasks))
            on_close = OnClose.PAUSE if isinstance(device, MqttDevice) else device.on_close
            playback = Playback(emissions(device, scenario.seed), outlet, truth, on_close)
            outlets.append(outlet)
            players.append(tasks.create_task(playback.run(), name=f"playback {device.name}"))
        await _until_over(players, stop, tasks)
        await _drain(outlets)


def outlet_of(device: AnyDevice, truth: TruthLog, announce: Callable[[str], None]) -> Outlet:
    """All wiring of devices to transports."""
    match device:
        case PtyDevice():
            return PtyLink(device, truth, announce)
        case TcpDevice():
            return TcpServer(device, truth, announce)
        case MqttDevice():
            return MqttClient(device, truth, announce)
        case _:
            assert_never(device)


async def _until_over(players: list[asyncio.Task[None]], stop: asyncio.Event, tasks: asyncio.TaskGroup) -> None:
    stopped = tasks.create_task(stop.wait(), name="stop signal")
    over = tasks.create_task(asyncio.wait(players), name="all scripts")
    await asyncio.wait((stopped, over), return_when=asyncio.FIRST_COMPLETED)
    for task in (stopped, over, *players):
        task.cancel()


async def _drain(outlets: list[Outlet]) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            await asyncio.gather(*(outlet.drained() for outlet in outlets))
    except TimeoutError:
        pass
