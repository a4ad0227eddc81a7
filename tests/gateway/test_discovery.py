import asyncio
import os
import tty
from pathlib import Path

from gateway.config import DiscoveryOptions, MqttOptions, SimulatorOptions
from gateway.discovery import candidate_ports, discover
from gateway.sources.serial_options import SerialOptions

NO_BROKER = MqttOptions(host="127.0.0.1", port=1)


def test_ports_are_tried_in_the_order_of_their_patterns_each_once() -> None:
    there = {"/dev/serial/by-id/*": ["/dev/serial/by-id/b", "/dev/serial/by-id/a"], "/dev/ttyUSB*": ["/dev/ttyUSB0"]}
    patterns = ["/dev/serial/by-id/*", "/dev/ttyUSB*", "/dev/ttyUSB*", "/dev/ttyACM*"]
    assert list(candidate_ports(patterns, lambda pattern: there.get(pattern, []))) == [
        "/dev/serial/by-id/a",
        "/dev/serial/by-id/b",
        "/dev/ttyUSB0",
    ]


def test_a_port_on_which_a_device_speaks_is_used_and_a_silent_one_is_not(tmp_path: Path) -> None:
    pairs = [os.openpty() for _ in range(2)]
    for name, (_, held) in zip(("1-silent", "2-speaks"), pairs, strict=True):
        tty.setraw(held)
        (tmp_path / name).symlink_to(os.ttyname(held))

    async def speak() -> None:
        while True:
            os.write(pairs[1][0], b"S1 70.25\n")
            await asyncio.sleep(0.05)

    async def scenario() -> object:
        speaking = asyncio.create_task(speak())
        options = DiscoveryOptions(serial_ports=[f"{tmp_path}/*"], listen_s=0.5)
        found = await discover(options, NO_BROKER, "test")
        speaking.cancel()
        return found

    assert asyncio.run(scenario()) == SerialOptions(port=str(tmp_path / "2-speaks"))
    for fd in (fd for pair in pairs for fd in pair):
        os.close(fd)


def test_without_ports_and_broker_it_is_the_simulator(tmp_path: Path) -> None:
    options = DiscoveryOptions(serial_ports=[f"{tmp_path}/*"])
    assert asyncio.run(discover(options, NO_BROKER, "test")) == SimulatorOptions()
