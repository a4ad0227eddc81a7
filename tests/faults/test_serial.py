"""A serial device is unplugged, comes back under another number, and sends noise."""

import json
import os
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import Accepted, check
from tests.faults.rig import PATIENCE_S, Rig

pytestmark = pytest.mark.system

NOISE = [
    b"\x00" * 1_000 + b"\n",
    b"\xff\xfe\xfd{{{\n",
    b'{"sensor_id": "P1", "suhu": ' + b"\n",
    b"x" * (1 << 20),
    b"\n\r\n\r",
]


class Device:
    """A pseudo-terminal behind a stable name, as udev gives it; each plugging-in is a new one."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.sent: list[Accepted] = []
        self._master = self._slave = -1

    def plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._slave))

    def unplug(self) -> None:
        self.link.unlink()
        os.close(self._slave)
        os.close(self._master)
        self._master = -1

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._master, data) :]

    def report(self, count: int) -> None:
        for _ in range(count):
            celsius = round((len(self.sent) + 1) * 0.001, 3)
            self.write(json.dumps({"sensor_id": "P1", "suhu": celsius}).encode() + b"\n")
            self.sent.append(("P1", celsius))

    def close(self) -> None:
        if self._master >= 0:
            self.unplug()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    made = Device(tmp_path / "usb-Suhu_Press_1-if00-port0")
    made.plug_in()
    yield made
    made.close()


def await_port(rig: Rig, device: Device, times: int = 1) -> None:
    """Wait until the gateway has opened it so often, and end the line that it does not trust."""
    words = f'event=source_up source="serial {device.link}"'
    rig.gateway.wait_until(lambda: rig.gateway.log_since_start().count(words) >= times, PATIENCE_S, words)
    device.write(b"\n")


def await_all(rig: Rig, device: Device) -> None:
    wait_until(lambda: device.sent[-1] in rig.tail.readings(), PATIENCE_S, "the device's last reading in the topic")


def test_an_unplugged_device_is_read_again_under_its_name(
    device: Device, make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(options={"[serial]": f'port = "{device.link}"'}, load=False)
    await_port(rig, device)
    runs = 5 if full else 2
    for run in range(runs):
        device.report(200)
        await_all(rig, device)  # what the kernel still has when the plug is pulled is nobody's
        device.unplug()
        rig.gateway.wait_for_line("event=source_lost", PATIENCE_S)
        device.plug_in()
        await_port(rig, device, times=run + 2)
    device.report(200)
    await_all(rig, device)
    rig.gateway.stop()
    verdict = check(device.sent, rig.topic(), rig.waiting())
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(20, "serial device unplugged, and back as another terminal").add(verdict, runs=runs)


def test_noise_on_a_serial_line_costs_no_reading_around_it(
    device: Device, make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    rig = make_rig(options={"[serial]": f'port = "{device.link}"'}, load=False)
    await_port(rig, device)
    for noise in NOISE:
        device.report(50)
        device.write(noise + b"\n")
    device.report(50)
    await_all(rig, device)
    resident = rig.resident_mb()
    rig.gateway.stop()
    verdict = check(device.sent, rig.topic(), rig.waiting())
    assert verdict.broken(repeats_allowed=False) == {}
    assert int(rig.said("stopped")["rejected"]) >= 4
    assert resident < 120
    outcome(21, "noise on a serial line: NULs, half lines, 1 MB without an end").add(verdict)
