"""The dashboard as a service, under everything that its unit closes."""

from collections.abc import Iterator

import pytest

from sandbox.waiting import wait_until
from tests.deploy.conftest import UNITS
from tests.deploy.guest import Guest
from tests.deploy.service import PATIENCE_S, Service

pytestmark = pytest.mark.system

UNIT = "suhu-dashboard.service"
OPTIONS = "/etc/default/suhu-dashboard"
TOKEN = "canary-5b0d-canary-5b0d"  # noqa: S105 - of this test
CREDENTIALS = f"/run/credentials/{UNIT}"


@pytest.fixture
def dashboard(guest: Guest) -> Iterator[Service]:
    page = Service(guest, UNIT)
    page.forget()
    yield page
    page.forget()
    guest.run("rm", "-f", OPTIONS, "/etc/credstore/dashboard-token")


def status(dashboard: Service, path: str) -> str:
    """The status that a path answers with; 000 while nobody listens."""
    address = f"http://127.0.0.1:8080{path}"
    asked = ("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", address)
    return dashboard.guest.run(*asked, check=False)


def test_the_unit_has_no_mistake_and_its_exposure_is_low(dashboard: Service) -> None:
    assert dashboard.guest.run("systemd-analyze", "verify", UNIT) == ""
    dashboard.guest.run("systemd-analyze", "security", "--offline=yes", "--threshold=15", str(UNITS / UNIT))


def test_it_serves_its_page_while_kafka_is_away_and_a_stop_is_clean(dashboard: Service) -> None:
    dashboard.guest.run("systemctl", "start", UNIT)
    wait_until(lambda: status(dashboard, "/healthz") == "200", PATIENCE_S, "the page")
    assert status(dashboard, "/") == "200"
    assert status(dashboard, "/vendor/uplot.js") == "200"
    dashboard.stop()
    assert (dashboard.show("Result"), dashboard.show("ExecMainStatus")) == ("success", "0")


def test_its_token_comes_from_the_credential_store(dashboard: Service) -> None:
    dashboard.guest.write("/etc/credstore/dashboard-token", TOKEN)
    dashboard.guest.write(OPTIONS, f'SUHU_DASHBOARD_OPTIONS="--token-file {CREDENTIALS}/dashboard-token"\n')
    dashboard.guest.run("systemctl", "start", UNIT)
    wait_until(lambda: status(dashboard, "/healthz") == "200", PATIENCE_S, "the page")
    assert status(dashboard, "/") == "401"
    assert status(dashboard, f"/?token={TOKEN}") == "200"
    assert "canary" not in "\n".join(dashboard.log())


def test_other_machines_are_not_let_in_without_a_token_and_it_stays_down(dashboard: Service) -> None:
    dashboard.guest.write(OPTIONS, 'SUHU_DASHBOARD_OPTIONS="--listen 0.0.0.0:8080"\n')
    dashboard.guest.run("systemctl", "start", UNIT)
    dashboard.await_state(ActiveState="failed", ExecMainStatus="78", NRestarts="0")
    assert "--token-file and --tls-cert" in dashboard.await_line("--listen 0.0.0.0")
