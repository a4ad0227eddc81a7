import errno
import os
import subprocess
from pathlib import Path

import pytest

from gateway.sources.port_trouble import explained

DIALOUT = 20  # on Debian; any group that is not root's will do, and this test makes sure that it has a name


@pytest.fixture
def port(tmp_path: Path) -> Path:
    path = tmp_path / "ttyUSB0"
    path.touch()
    os.chown(path, 0, DIALOUT)
    path.chmod(0o660)
    return path


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another group")
def test_no_permission_names_the_group_and_how_to_get_into_it(port: Path) -> None:
    words = explained(str(port), PermissionError(errno.EACCES, "Permission denied"))
    assert words == (
        f"no permission to open {port}: it belongs to the group dialout: `sudo usermod -aG dialout $USER` and log in "
        "again; for the service SupplementaryGroups=dialout"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another group")
def test_a_group_that_may_not_use_the_port_itself_is_no_remedy(port: Path) -> None:
    port.chmod(0o600)
    words = explained(str(port), PermissionError(errno.EACCES, "Permission denied"))
    assert "group dialout with mode 0600" in words
    assert "udev rule" in words
    assert "usermod" not in words


def test_a_port_in_use_names_the_program_and_its_pid() -> None:
    device, held = os.openpty()
    path = os.ttyname(held)
    with subprocess.Popen(["sleep", "60"], stdin=held) as process:
        words = explained(path, OSError(errno.EAGAIN, "Resource temporarily unavailable"))
        process.kill()
    os.close(device)
    os.close(held)
    assert words == f"{path} is in use by sleep (PID {process.pid}): stop that one first"


def test_a_port_whose_holder_cannot_be_seen_says_how_to_find_it(tmp_path: Path) -> None:
    words = explained(str(tmp_path / "port"), OSError(errno.EBUSY, "Device or resource busy"))
    assert words == (
        f"{tmp_path}/port is in use by another program: stop that one first; `sudo fuser -v {tmp_path}/port` names it"
    )


@pytest.mark.parametrize(
    ("exc", "words"),
    [
        (OSError(errno.ENOENT, "No such file"), "/dev/p is not there: plug the device in, or correct the port"),
        (OSError(errno.ENXIO, "No such device"), "/dev/p is not there: plug the device in, or correct the port"),
        (OSError(errno.EIO, "Input/output error"), "/dev/p: the device is gone"),
        (ValueError("Invalid baud rate: 1"), "/dev/p: Invalid baud rate: 1"),
        (TypeError("'NoneType' object cannot be interpreted as an integer"), "/dev/p: 'NoneType' object cannot be"),
    ],
)
def test_every_kind_of_error_is_put_into_words(exc: Exception, words: str) -> None:
    assert explained("/dev/p", exc).startswith(words)
