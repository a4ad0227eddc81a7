"""`gateway install-service` in a booted machine: what it shows is what is there afterwards, and it runs."""

import pytest

from sandbox.errors import SandboxError
from tests.deploy.conftest import RULES_FILE, UNIT_FILE
from tests.deploy.service import CONFIG, PROGRAM, SIMULATOR, UNIT, Service

pytestmark = pytest.mark.system

GIVEN = "/run/given.toml"
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
INSTALL = (PROGRAM, "install-service", "--program", PROGRAM, "--yes")


@pytest.fixture(autouse=True)
def given(bare: Service) -> None:
    """A configuration to install."""
    bare.guest.write(GIVEN, '[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n' + SIMULATOR)


def test_it_shows_it_writes_it_and_the_service_runs(bare: Service) -> None:
    guest = bare.guest
    shown = guest.run(*INSTALL, "--config", GIVEN, "--dry-run")
    assert f"new       {UNIT_FILE}" in shown
    with pytest.raises(SandboxError):
        guest.run("cat", UNIT_FILE)
    assert guest.run(*INSTALL, "--config", GIVEN).startswith(shown)
    bare.await_state(ActiveState="active", UnitFileState="enabled")
    bare.await_status("1 of 1 sources up")
    assert guest.run("cat", CONFIG) == guest.run("cat", GIVEN)
    assert guest.run("stat", "--format=%a %U:%G", CONFIG) == "640 root:suhu\n"
    with pytest.raises(SandboxError, match="Permission denied"):
        guest.run(*NOBODY, "cat", CONFIG)
    with pytest.raises(SandboxError, match=r"ended with 78: .*gateway.toml: this user may not read it: use sudo"):
        guest.run(*NOBODY, PROGRAM, "check", "--config", CONFIG)
    with pytest.raises(SandboxError, match=r"ended with 77: gateway: .* this user may not read it: run it with sudo"):
        guest.run(*NOBODY, *INSTALL, "--dry-run", "--config", GIVEN)
    assert 'ENV{ID_MM_DEVICE_IGNORE}="1"' in guest.run("cat", RULES_FILE)
    assert guest.run("systemd-analyze", "verify", UNIT) == ""
    again = guest.run(*INSTALL, "--dry-run")
    assert [line.split()[0] for line in again.splitlines() if not line.startswith("run ")] == ["unchanged"] * 4


def test_a_configuration_that_is_there_is_kept_unless_forced(bare: Service) -> None:
    guest = bare.guest
    bare.configure(SIMULATOR)
    before = guest.run("cat", CONFIG)
    with pytest.raises(SandboxError, match=r"ended with 73: gateway: .* is there already and differs"):
        guest.run(*INSTALL, "--config", GIVEN)
    assert guest.run("cat", CONFIG) == before
    guest.run(*INSTALL, "--config", GIVEN, "--force")
    assert guest.run("cat", CONFIG) == guest.run("cat", GIVEN)
    assert guest.run("cat", f"{CONFIG}.old") == before
    assert guest.run("stat", "--format=%a", f"{CONFIG}.old") == "600\n"


def test_a_configuration_that_everybody_could_read_is_closed_without_being_replaced(bare: Service) -> None:
    guest = bare.guest
    bare.configure(SIMULATOR)
    before = guest.run("cat", CONFIG)
    guest.run("chmod", "644", CONFIG)
    guest.run(*INSTALL)
    assert guest.run("stat", "--format=%a %U:%G", CONFIG) == "640 root:suhu\n"
    assert guest.run("cat", CONFIG) == before
    bare.await_state(ActiveState="active", NRestarts="0")


def test_who_is_not_root_is_told_so(bare: Service) -> None:
    with pytest.raises(SandboxError, match=r"ended with 77: gateway: .* written by root only: run it with sudo"):
        bare.guest.run(*NOBODY, *INSTALL, "--config", GIVEN)
