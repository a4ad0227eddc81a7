"""Where readings come from when nothing is configured: a serial device that speaks, local MQTT, the simulator."""

import asyncio
import os
from collections.abc import Callable, Iterator
from glob import glob

import structlog

from gateway.config import DiscoveryOptions, SimulatorOptions
from gateway.errors import SourceLost
from gateway.mqtt_options import MqttOptions
from gateway.sources.mqtt_broker import Broker
from gateway.sources.mqtt_topics import MqttSource
from gateway.sources.serial_options import SerialOptions

log = structlog.get_logger()


async def discover(
    options: DiscoveryOptions, mqtt: MqttOptions, mqtt_client_id: str
) -> SerialOptions | MqttOptions | SimulatorOptions:
    """The first of the three that works, said in one loud line.

    A port counts when it gives a reading within `listen_s`; a broker when it accepts our session.
    """
    tried = []
    for port in candidate_ports(options.serial_ports, glob):
        found = SerialOptions(port=port)
        if await _speaks(found, options.listen_s):
            log.warning("no_source_configured", using=f"serial {port}", why="a device speaks there")
            return found
        tried.append(f"{port} gives no reading")
    tried = tried or ["no serial port is there"]
    source = MqttSource(Broker(mqtt.host, mqtt.port, mqtt_client_id), mqtt.topics)
    try:
        async with source.open():
            pass
    except SourceLost:
        tried.append(f"no MQTT broker answers at {mqtt.host}:{mqtt.port}")
    else:
        log.warning("no_source_configured", using=source.name, topics=mqtt.topics, why="; ".join(tried))
        return mqtt
    log.warning("no_source_configured", using="SIMULATED temperatures", why="; ".join(tried))
    return SimulatorOptions()


def candidate_ports(patterns: list[str], expand: Callable[[str], list[str]]) -> Iterator[str]:
    """The ports that the patterns name, in their order; each once, under the first of its names."""
    first_names: dict[str, str] = {}
    for pattern in patterns:
        for path in sorted(expand(pattern)):
            first_names.setdefault(os.path.realpath(path), path)
    return iter(first_names.values())


async def _speaks(options: SerialOptions, listen_s: float) -> bool:
    from gateway.sources.serial_lines import SerialSource  # pyserial takes memory: only who looks at ports pays

    source = SerialSource(options)
    try:
        async with asyncio.timeout(listen_s), source.open() as deliveries:
            async for delivery in deliveries:
                if delivery.readings:
                    return True
    except (SourceLost, TimeoutError):
        pass
    return False
