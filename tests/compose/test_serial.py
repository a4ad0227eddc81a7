"""The gateway's container with deploy/docker/serial.yml, and a pseudo-terminal in the place of an adapter."""

import json
import os
import pty
import secrets
import stat
import tty
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from sandbox.fetched import PROJECT
from sandbox.waiting import wait_until
from tests.compose.engine import Engine
from tests.compose.stack import ANSWER_TIMEOUT_S, POLL_S, Stack

DIALOUT = 20
CONFIGURATION = """
[gateway]
id = "serial"
interval_s = 0
[journal]
path = "/var/lib/suhu-gateway/journal.db"
[kafka]
bootstrap_servers = ["kafka:9092"]
[[serial]]
port = "{port}"
sensor_id = "oven"
[health]
listen = "0.0.0.0:9108"
allow_network = true
"""


class Adapter:
    """A device under a name in /dev that stays, behind another number after each replug."""

    def __init__(self) -> None:
        self.name = Path(f"/dev/suhu-test-{secrets.token_hex(4)}")
        self._master = -1

    def plug_in(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        node = os.ttyname(slave)
        os.chown(node, 0, DIALOUT)
        os.chmod(node, 0o660)  # noqa: PTH101 - beside chown
        os.close(slave)
        self.name.symlink_to(node)

    def say(self, line: str) -> None:
        os.write(self._master, line.encode() + b"\n")

    def unplug(self) -> None:
        self.name.unlink(missing_ok=True)
        if self._master >= 0:
            os.close(self._master)
        self._master = -1


@pytest.fixture
def adapter() -> Iterator[Adapter]:
    made = Adapter()
    yield made
    made.unplug()


@pytest.fixture
def node() -> Iterator[Callable[[int, int], Path]]:
    """Make a character device that everybody may open, as far as its mode goes."""
    made: list[Path] = []

    def make(major: int, minor: int) -> Path:
        made.append(Path(f"/dev/suhu-test-{secrets.token_hex(4)}"))
        os.mknod(made[-1], stat.S_IFCHR, os.makedev(major, minor))
        made[-1].chmod(0o666)
        return made[-1]

    yield make
    for path in made:
        path.unlink()


@pytest.fixture
def stack(engine: Engine, adapter: Adapter, tmp_path: Path) -> Iterator[Stack]:
    """Kafka and a gateway that reads the adapter; nobody has plugged it in yet."""
    configuration = tmp_path / "gateway.toml"
    configuration.write_text(CONFIGURATION.format(port=adapter.name))
    mounted = {"services": {"gateway": {"volumes": [f"{configuration}:/etc/suhu-gateway/gateway.toml:ro"]}}}
    (tmp_path / "override.yml").write_text(json.dumps(mounted))
    overrides = [PROJECT / "deploy/docker/serial.yml", tmp_path / "override.yml"]
    with Stack(engine, "default", overrides=overrides).running("gateway") as stack:
        yield stack


def test_a_device_is_read_when_it_is_plugged_in_and_again_after_a_replug(stack: Stack, adapter: Adapter) -> None:
    for celsius in (61.5, 62.5):
        adapter.plug_in()
        # Again and again: what is said before the gateway has opened the port is gone.
        wait_until(partial(_heard, stack, adapter, celsius), ANSWER_TIMEOUT_S, f"{celsius} °C", poll_s=POLL_S)
        adapter.unplug()


def test_only_serial_devices_are_open(stack: Stack, node: Callable[[int, int], Path]) -> None:
    adapter, board, port, memory = node(188, 0), node(166, 0), node(4, 64), node(1, 1)
    script = "import sys; open(sys.argv[1], 'rb')"
    for path, becomes in (
        (adapter, "No such device or address"),  # permitted; there is no such hardware here
        (board, "No such device or address"),
        (port, "Operation not permitted"),
        (memory, "Operation not permitted"),
    ):
        assert becomes in stack.run_in("gateway", "python", "-c", script, str(path), check=False)


def _heard(stack: Stack, adapter: Adapter, celsius: float) -> bool:
    adapter.say(str(celsius))
    return ("oven", celsius) in {(reading["sensor_id"], reading["suhu"]) for reading in stack.readings()}
