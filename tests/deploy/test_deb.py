"""The gateway's Debian package in a booted machine: installed, upgraded, removed, purged, with readings all along."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.debian.build import build
from deploy.debian.package import GATEWAY
from gateway import __version__
from sandbox.errors import SandboxError
from tests.deploy.conftest import QUICK_FILE
from tests.deploy.service import CONFIG, SIMULATOR, STATE, UNIT, Service

pytestmark = pytest.mark.system

NEWER = f"{__version__}+1"
PROGRAM = "/usr/bin/gateway"


@dataclass(frozen=True, slots=True)
class Packages:
    """Two versions of one package, in the guest."""

    first: str
    newer: str


@pytest.fixture(scope="module")
def built(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    theirs = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True, check=True).stdout.split()[1]
    ours = f"{sys.version_info.major}.{sys.version_info.minor}."
    if not theirs.startswith(ours):
        words = f"the package would be for Python {ours}x, and this system's is {theirs}: make .venv with that one"
        pytest.fail(words) if "SUHU_SKIP_NOTHING" in os.environ else pytest.skip(words)
    folder = tmp_path_factory.mktemp("deb")
    first = build(GATEWAY, wheel, __version__, folder, "none")
    return [first, repacked(first, folder)]


def repacked(first: Path, folder: Path) -> Path:
    """The same package as a newer version."""
    root, newer = folder / "newer", folder / first.name.replace(__version__, NEWER)
    subprocess.run(["dpkg-deb", "--raw-extract", first, root], check=True)
    control = root / "DEBIAN" / "control"
    control.write_text(control.read_text().replace(f"Version: {__version__}\n", f"Version: {NEWER}\n"))
    argv = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, newer]
    subprocess.run(argv, check=True, capture_output=True)
    return newer


@pytest.fixture
def packages(bare: Service, built: list[Path]) -> Iterator[Packages]:
    places = [f"/root/{one.name}" for one in built]
    for here, place in zip(built, places, strict=True):
        bare.guest.copy_in(here, place)
    bare.guest.run("rm", "-f", "/usr/sbin/policy-rc.d")  # a container's ban on starting services
    bare.guest.run("mv", QUICK_FILE, "/root")  # the package's unit as it is
    yield Packages(*places)
    bare.guest.run("dpkg", "--purge", GATEWAY.name, check=False)
    bare.guest.run("mv", f"/root/{QUICK_FILE.rpartition('/')[2]}", QUICK_FILE)


@pytest.fixture
def installed(bare: Service, packages: Packages) -> Service:
    """The service of the installed package, configured and started by an operator."""
    service = Service(bare.guest, UNIT, PROGRAM)
    service.guest.run("dpkg", "--install", packages.first)
    service.configure(SIMULATOR)
    service.guest.run("systemctl", "enable", "--now", UNIT)
    service.await_readings(50)
    return service


def whole(service: Service) -> list[str]:
    """The event ids in the journal of a stopped service, which have no hole."""
    assert service.spool("verify")["ok"]
    found = [one["event_id"] for one in service.readings()]
    assert [int(one.rsplit("/", 1)[1]) for one in found] == list(range(1, len(found) + 1))
    return found


def test_it_is_installed_and_waits_for_its_configuration(bare: Service, packages: Packages) -> None:
    guest = bare.guest
    assert "not started before it is configured" in guest.run("dpkg", "--install", packages.first)
    assert (bare.show("ActiveState"), bare.show("UnitFileState")) == ("inactive", "disabled")
    assert guest.run("stat", "--format=%a %U:%G", CONFIG) == "640 root:suhu\n"
    assert guest.run(PROGRAM, "--version") == f"gateway, version {__version__}\n"
    guest.run(PROGRAM, "check", "--config", CONFIG)
    assert guest.run("systemd-analyze", "verify", UNIT) == ""
    assert "gateway spool" in guest.run("zcat", "/usr/share/man/man1/gateway.1.gz")
    assert "_GATEWAY_COMPLETE" in guest.run("cat", "/usr/share/bash-completion/completions/gateway")
    assert guest.run("dpkg", "--verify", "suhu-gateway") == ""
    guest.run(PROGRAM, "init", "--force", "--simulate", "--output", CONFIG)  # as the README has it
    assert guest.run("stat", "--format=%a %U:%G", CONFIG) == "640 root:suhu\n"
    guest.run("systemctl", "enable", "--now", UNIT)
    Service(guest, UNIT, PROGRAM).await_readings(3)


def test_an_upgrade_keeps_journal_and_configuration_and_goes_on_with_the_new_files(
    installed: Service, packages: Packages
) -> None:
    guest = installed.guest
    pid, configuration = installed.show("MainPID"), guest.run("cat", CONFIG)
    before = [one["event_id"] for one in installed.readings()]
    guest.run("dpkg", "--install", packages.newer)
    assert guest.run("dpkg-query", "--show", "--showformat=${Version}", "suhu-gateway") == NEWER
    installed.await_state(ActiveState="active", UnitFileState="enabled", NRestarts="0")
    assert installed.show("MainPID") != pid
    assert guest.run("cat", CONFIG) == configuration
    installed.await_readings(len(before) + 50)
    installed.stop()
    assert whole(installed)[: len(before)] == before
    guest.run("dpkg", "--install", packages.newer)
    assert installed.show("ActiveState") == "inactive"  # what an operator has stopped stays so


def test_a_removal_keeps_what_waits_and_a_purge_leaves_nothing(installed: Service, bare: Service) -> None:
    guest = installed.guest
    configuration = guest.run("cat", CONFIG)
    said = guest.run("dpkg", "--remove", "suhu-gateway")
    assert "dpkg --purge deletes it" in said
    assert installed.show("ActiveState") == "inactive", installed.log()[-5:]
    with pytest.raises(SandboxError, match="No such file"):
        guest.run("ls", PROGRAM)
    assert guest.run("cat", CONFIG) == configuration
    before = whole(bare)  # read by a gateway that is not of the package
    assert len(before) >= 50
    assert f"\nwaiting      {len(before)}, the oldest" in said
    guest.run("dpkg", "--purge", "suhu-gateway")
    assert installed.show("LoadState") == "not-found"
    for gone in ("/etc/suhu-gateway", STATE, "/var/lib/suhu-gateway", "/usr/lib/suhu-gateway"):
        with pytest.raises(SandboxError, match="No such file"):
            guest.run("ls", "-d", gone)
    assert guest.run("find", "/etc/systemd/system", "-name", UNIT, "-type", "l") == ""
