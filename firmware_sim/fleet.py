import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import assert_never

from firmware_sim.commands import TextCommands
from firmware_sim.conversation import Answerer, Conversation
from firmware_sim.device import AnyDevice, MqttDevice, OnClose, PtyDevice, TcpDevice
from firmware_sim.disturbance import Disturbance
from firmware_sim.faults import Wire
from firmware_sim.modbus_rtu import ModbusBus
from firmware_sim.mqtt_client import MqttClient
from firmware_sim.outlet import Outlet
from firmware_sim.playback import Playback
from firmware_sim.pty_link import PtyLink
from firmware_sim.scenario import Scenario
from firmware_sim.script import script
from firmware_sim.sparkplug import EdgeNode
from firmware_sim.speech import Speech
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
            outlet = outlet_of(device, scenario, truth, announce)
            player = player_of(device, scenario, outlet, truth)
            await places.enter_async_context(outlet.open(tasks))
            outlets.append(outlet)
            players.append(tasks.create_task(player.run(), name=f"player of {device.name}"))
        await _until_over(players, stop, tasks)
        await _drain(outlets)


def outlet_of(device: AnyDevice, scenario: Scenario, truth: TruthLog, announce: Callable[[str], None]) -> Outlet:
    """All wiring of devices to transports."""
    match device:
        case PtyDevice():
            return PtyLink(device, truth, announce)
        case TcpDevice():
            return TcpServer(device, truth, announce)
        case MqttDevice():
            voice = EdgeNode if device.family.protocol == "sparkplug" else Speech
            return MqttClient(device, voice(device, scenario.epoch_s), truth, announce)
        case _:
            assert_never(device)


def player_of(device: AnyDevice, scenario: Scenario, outlet: Outlet, truth: TruthLog) -> Playback | Conversation:
    """All wiring of devices to what makes them speak: their own script, or being asked."""
    seed = scenario.seed
    if isinstance(device, MqttDevice):
        return Playback(script(device, seed, scenario.epoch_s), outlet, truth, OnClose.PAUSE)
    if Wire.POLL not in device.family.wires:
        return Playback(script(device, seed, scenario.epoch_s), outlet, truth, device.on_close)
    by_bytes = device.family.protocol == "modbus"
    answerer: Answerer = ModbusBus(device, seed) if by_bytes else TextCommands(device, seed, scenario.epoch_s)
    return Conversation(answerer, Disturbance(device, seed), outlet, truth, device.answer_s)


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
