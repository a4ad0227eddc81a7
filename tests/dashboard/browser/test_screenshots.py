"""The pictures of the README and of docs/dashboard.md, of a made-up plant on a real Kafka."""

import csv
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from sandbox.dashboard import Dashboard
from sandbox.programs import Gateway
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.parquet import keep_day
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system

# Sensor: the machine's name, warning and critical above, temperature, swing, period in seconds.
MACHINES = {
    "S1": ("Ekstruder 1", 70, 80, 68.0, 1.5, 400),
    "S2": ("Kompresor 2", 65, 75, 68.5, 2.0, 260),
    "S3": ("Oven 3, zona depan", 70, 80, 76.0, 7.0, 2400),
    "S4": ("Tungku peleburan 4", 1150, 1250, 1180.0, 12.0, 700),
    "S5": ("Pendingin 5", 15, 25, 4.2, 0.8, 500),
    "S6": ("Mesin press 6", 70, 80, 41.7, 3.0, 900),
    "S7": ("Bantalan turbin 7", 70, 80, 52.3, 1.0, 300),
}
SILENT = "S7"
DAY = "2026-11-21"


def celsius(sensor: str, second: float) -> float:
    _, _, _, level, swing, period = MACHINES[sensor]
    turn = 2 * math.pi * second / period
    return round(
        level + swing * math.sin(turn - 0.6) + swing / 6 * math.sin(7 * turn) + swing / 15 * math.sin(31 * turn), 1
    )


@pytest.fixture
def factory(
    dashboard: Callable[..., Dashboard], plant: Callable[..., tuple[Gateway, str]], write: Writer, tmp_path: Path
) -> str:
    """A dashboard with an hour behind it."""
    machines = tmp_path / "machines.csv"
    with machines.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sensor_id", "machine", "warning_above_celsius", "critical_above_celsius"])
        table.writerows([sensor, *values[:3]] for sensor, values in MACHINES.items())
        table.writerow(["S8", "Pengaduk 8", "", ""])
    keep_day(
        tmp_path / "history",
        DAY,
        [
            ("S3", s, 51 + celsius("S3", s) / 4 + 7 * math.sin(s / 9000) + 1.3 * math.sin(s * 1.7))
            for s in range(0, 86400, 10)
        ],
    )
    _, health = plant("S8")
    for ago_s in range(3000, 0, -4):
        write.readings(
            [(one, celsius(one, 3000 - ago_s)) for one in MACHINES if one != SILENT or ago_s > 140], ago_s=ago_s
        )
    write.incident("S2", "fast_heating", "ended", began_ago_s=2400, lasted_s=95, peak=70.8)
    write.alert("S1", 81.2, 11, ago_s=5400)
    write.junk(b"T=70.2C")
    server = dashboard(
        *("--machines", str(machines), "--history", str(tmp_path / "history"), "--gateway", health),
        *("--stale-after-s", "5"),
    )
    return server.url


def keep_going(write: Writer, page: Page) -> None:
    """Have all but one machine report, until their ages say so."""
    for second in range(4):
        write.readings([(one, celsius(one, 3000 + second)) for one in MACHINES if one != SILENT])
        page.wait_for_timeout(600)
    expect(page.locator('.tile[data-stale="yes"]')).to_have_count(1)


def test_pictures(factory: str, write: Writer, visit: Visit, screenshots: Path) -> None:
    desktop = {"width": 1440, "height": 900}
    for name, options in {
        "live": {"viewport": desktop},
        "dark": {"viewport": desktop, "color_scheme": "dark", "locale": "id-ID"},
        "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "locale": "id-ID"},
    }.items():
        visitor = visit(factory, **options)
        keep_going(write, visitor.page)
        visitor.shoot(screenshots / f"dashboard-{name}.png")

    visitor = visit(factory, viewport=desktop)
    keep_going(write, visitor.page)
    visitor.page.locator('.tile[data-sensor="S3"] .name').click()
    expect(visitor.page.locator("#machine-chart canvas")).to_be_visible()
    keep_going(write, visitor.page)
    visitor.shoot(screenshots / "dashboard-machine.png")
    visitor.page.keyboard.press("Escape")
    visitor.page.goto(f"{factory}/#history?sensor=S3&day={DAY}")
    expect(visitor.page.locator("#history-chart canvas")).to_be_visible()
    expect(visitor.page.locator("#history-summary")).not_to_be_empty()
    visitor.page.wait_for_timeout(300)
    visitor.shoot(screenshots / "dashboard-history.png")
