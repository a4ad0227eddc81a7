import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.fetched import PROJECT, jars
from sandbox.wheel import build_wheel
from tests.deploy.guest import Guest, what_is_missing
from tests.deploy.service import CONFIG, Service

UNITS = PROJECT / "deploy" / "systemd"
UNIT = UNITS / "suhu-gateway.service"
SYSUSERS = UNITS / "suhu-gateway.sysusers"
PROGRAM = f"""#!/bin/sh
export LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/packages:/opt/suhu-gateway/lib PYTHONDONTWRITEBYTECODE=1
exec /opt/python/bin/python{sys.version_info.major}.{sys.version_info.minor} %s "$@"
"""
ALERTS = "-c 'import sys; from suhu_jobs.scripts import alerts; sys.exit(alerts())'"
TARGET = "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n"
# Waits that a test would have to sit out.
QUICK = "[Service]\nRestartSec=100ms\nWatchdogSec=2s\n"

UNIT_FILE = "/etc/systemd/system/suhu-gateway.service"
QUICK_FILE = f"{UNIT_FILE}.d/quick.conf"
SYSUSERS_FILE = "/etc/sysusers.d/suhu-gateway.conf"
RULES_FILE = "/etc/udev/rules.d/70-suhu-gateway.rules"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of these sources."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """A booted machine with the unit, and the gateway in the place that the unit names."""
    if missing := what_is_missing():
        if "SUHU_SKIP_NOTHING" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    files = {
        "/etc/machine-id": "",
        "/etc/systemd/system/guest.target": TARGET,
        UNIT_FILE: UNIT.read_text(),
        QUICK_FILE: QUICK,
        SYSUSERS_FILE: SYSUSERS.read_text(),
        "/etc/credstore/kafka-password": "canary-7f3a",
        "/etc/systemd/system/suhu-alerts.service": (UNITS / "suhu-alerts.service").read_text(),
        "/etc/systemd/system/suhu-dashboard.service": (UNITS / "suhu-dashboard.service").read_text(),
        "/opt/suhu-gateway/bin/gateway": PROGRAM % "-m gateway",
        "/opt/suhu-gateway/bin/suhu-alerts": PROGRAM % ALERTS,
        "/opt/suhu-gateway/bin/suhu-dashboard": PROGRAM % "-m dashboard",
    }
    # Elsewhere than here: the unit hides every home, and a Python or this project may lie in one.
    binds = {
        "/opt/python": Path(sys.base_prefix),
        "/opt/packages": Path(sysconfig.get_path("purelib")),
        "/opt/suhu-gateway/lib/gateway": PROJECT / "gateway",
        "/opt/suhu-gateway/lib/dashboard": PROJECT / "dashboard",
        "/opt/suhu-gateway/lib/suhu_jobs": PROJECT / "spark" / "suhu_jobs",
        "/opt/suhu-gateway/jars": jars("spark")[0].resolve().parent,
    }
    with Guest(tmp_path_factory.mktemp("guest"), files, binds) as booted:
        booted.run("chmod", "700", "/etc/credstore")
        booted.run("systemd-sysusers")
        yield booted


@pytest.fixture
def service(guest: Guest) -> Iterator[Service]:
    """The gateway's service, stopped, with an empty journal and no trace of earlier tests."""
    made = Service(guest)
    made.forget()
    yield made
    made.forget()


@pytest.fixture
def bare(service: Service) -> Iterator[Service]:
    """A machine on which it is not installed."""
    guest = service.guest
    guest.run("rm", "-f", UNIT_FILE, RULES_FILE, CONFIG, SYSUSERS_FILE)
    guest.run("groupdel", "suhu")
    guest.run("systemctl", "daemon-reload")
    yield service
    guest.write(UNIT_FILE, UNIT.read_text())  # as the other tests have it
    guest.write(SYSUSERS_FILE, SYSUSERS.read_text())
    guest.run("systemd-sysusers")
    guest.run("systemctl", "daemon-reload")
