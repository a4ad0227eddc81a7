from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system

SENSORS = [f"S{number}" for number in range(1, 1001)]
SHOWN = """() => [...document.querySelectorAll(".tile")].map(
    (tile) => [tile.dataset.sensor, tile.querySelector(".celsius").textContent])"""


def test_a_thousand_machines_are_right_also_out_of_sight_and_only_those_in_sight_are_drawn(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url, viewport={"width": 1280, "height": 800}).page
    for celsius in (20.5, 30.5, 41.5):
        write.readings([(sensor, celsius) for sensor in SENSORS])
    expect(page.locator(".tile")).to_have_count(1000)
    expect(page.locator(".tile .celsius").filter(has_text="41.5")).to_have_count(1000)
    assert page.evaluate(SHOWN) == [[sensor, "41.5"] for sensor in SENSORS]  # in the order of their names

    expect(page.locator('.tile[data-sensor="S1"] canvas')).to_be_visible()
    assert 8 <= page.locator(".tile canvas").count() <= 80
    last = page.locator('.tile[data-sensor="S1000"]')
    assert last.locator("canvas").count() == 0
    page.get_by_label("Find a machine").fill("S1000")
    expect(last.locator("canvas")).to_be_visible()
    expect(page.locator('.tile[data-sensor="S1"] canvas')).to_have_count(0)

    page.get_by_label("Find a machine").fill("")
    write.reading("S777", 95.0)
    expect(page.locator(".tile").first).to_have_attribute("data-sensor", "S777")
