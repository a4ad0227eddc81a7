import json
import os
import subprocess
import sys

import pytest


def gateway(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments], capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("as_json", [False, True])
def test_a_port_is_shown_with_who_has_it_open(as_json: bool) -> None:
    device, held = os.openpty()
    path = os.ttyname(held)
    with subprocess.Popen(["sleep", "60"], stdin=held) as process:
        os.close(held)
        ended = gateway("ports", path, *(["--json"] if as_json else []))
        process.kill()
    os.close(device)
    assert ended.returncode == 0
    if as_json:
        assert json.loads(ended.stdout) == [
            {
                "path": path,
                "by_id": None,
                "by_path": None,
                "usb_id": None,
                "product": None,
                "manufacturer": None,
                "serial_number": None,
                "holders": [{"pid": process.pid, "program": "sleep"}],
                "best_name": path,
            }
        ]
    else:
        assert ended.stdout == f"{path}\n  open in sleep (PID {process.pid})\n"


def test_what_is_plugged_in_is_a_json_array_whatever_there_is() -> None:
    ended = gateway("ports", "--json")
    assert ended.returncode == 0
    assert all(one["path"].startswith("/dev/") for one in json.loads(ended.stdout))


def test_a_path_that_is_not_there_ends_with_66() -> None:
    ended = gateway("ports", "/dev/ttyUSB99")
    assert ended.returncode == 66
    assert "/dev/ttyUSB99 is not there: plug the device in" in ended.stderr
