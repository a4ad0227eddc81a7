"""The alert job as a service: a JVM under everything that its unit closes, from a reading to the system's log."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errors import SandboxError
from sandbox.process import Child
from tests.deploy.conftest import UNITS
from tests.deploy.guest import Guest
from tests.deploy.service import Service

pytestmark = pytest.mark.system

UNIT = "suhu-alerts.service"
STATE = "/var/lib/private/suhu-alerts"
SPARK_STARTS_S = 120.0  # on a busy machine
HOT = '[simulator]\nsensors = ["S1", "S2"]\ninterval_s = 0.02\n'


@pytest.fixture
def alerts(guest: Guest) -> Iterator[Service]:
    job = Service(guest, UNIT)
    job.forget()
    yield job
    job.forget()
    guest.run("rm", "-rf", STATE, "/etc/default/suhu-alerts")


@pytest.fixture
def broker(guest: Guest, tmp_path: Path) -> Iterator[Child]:
    argv = guest.in_its_network(sys.executable, "-m", "tests.deploy.broker", str(tmp_path / "kafka"))
    with Child("broker", argv, tmp_path) as child:
        child.wait_until(lambda: "the topic is there" in child.log.read_text(), 60, "the topic is there")
        yield child


def test_the_unit_has_no_mistake_and_its_exposure_is_low(alerts: Service) -> None:
    assert alerts.guest.run("systemd-analyze", "verify", UNIT) == ""
    alerts.guest.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", str(UNITS / UNIT))


@pytest.mark.usefixtures("broker")
def test_a_hot_reading_is_a_line_of_the_log_and_a_stop_is_clean(alerts: Service, service: Service) -> None:
    alerts.guest.run("systemctl", "start", UNIT)
    service.start(HOT, kafka="127.0.0.1:9092")
    assert "°C > 80 °C" in alerts.await_line("PERINGATAN S2 ", SPARK_STARTS_S)
    for path in (f"{STATE}/checkpoint", STATE):
        with pytest.raises(SandboxError, match="Permission denied"):
            alerts.guest.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ls", path)
    alerts.stop()
    assert (alerts.show("Result"), alerts.show("ExecMainStatus")) == ("success", "0")


def test_a_mistake_in_the_options_stays_down(alerts: Service) -> None:
    alerts.guest.write("/etc/default/suhu-alerts", 'SUHU_ALERTS_OPTIONS="--threshold hot"\n')
    alerts.guest.run("systemctl", "start", UNIT)
    alerts.await_state(ActiveState="failed", ExecMainStatus="64", NRestarts="0")
    assert "'hot' is no temperature" in alerts.await_line("--threshold")
