"""The udev rules, read by a real udev. There is no USB adapter here: the kernel's own /dev/tty stands in for one."""

import re
from collections.abc import Iterator

import pytest

from tests.deploy.conftest import UNITS
from tests.deploy.guest import Guest

pytestmark = pytest.mark.system

RULES = (UNITS / "70-suhu-gateway.rules").read_text()
PLACE = "/run/udev/rules.d/70-suhu-gateway.rules"
DEVICE = "/sys/devices/virtual/tty/tty"


@pytest.fixture
def udev(guest: Guest) -> Iterator[Guest]:
    guest.run("mkdir", "-p", "/run/udev/rules.d")
    yield guest
    guest.run("rm", "-rf", "/run/udev")
    guest.run("chown", "root:root", "/dev/tty")  # `udevadm test` of systemd 252 does what the rules say
    guest.run("chmod", "666", "/dev/tty")


def said(udev: Guest, rules: str) -> list[str]:
    """What udev says of these rules when a terminal is plugged in."""
    udev.write(PLACE, rules)
    told = udev.run("sh", "-c", f"udevadm test --action=add {DEVICE} 2>&1")
    assert f"Reading rules file: {PLACE}" in told
    return [line.partition(f"{PLACE}:")[2] for line in told.splitlines() if f"{PLACE}:" in line]


def test_udev_understands_every_line_and_leaves_other_ports_alone(udev: Guest) -> None:
    assert said(udev, RULES) == []


def test_udev_would_tell_a_line_that_it_does_not_understand(udev: Guest) -> None:
    assert said(udev, RULES.replace("ENV{ID_MM_PORT_IGNORE}", "ENVI{ID_MM_PORT_IGNORE}")) == ["12 Invalid key 'ENVI'"]


def test_a_port_of_the_kinds_that_it_names_belongs_to_the_group(udev: Guest) -> None:
    rules = re.sub('KERNEL!="[^"]*"', 'KERNEL!="tty"', RULES)
    group = udev.run("getent", "group", "dialout").split(":")[2]
    assert said(udev, rules) == [f"9 GROUP {group}", "9 MODE 0660"]
    assert udev.run("stat", "--format=%a %G", "/dev/tty") == "660 dialout\n"
