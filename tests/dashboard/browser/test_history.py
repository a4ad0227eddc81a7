from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.parquet import keep_day
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system

HOUR_S = 3600


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """S1 is at 40 °C once a minute, with 91.2 °C at 13:30 and 12.3 °C at 02:00; S2 speaks on the day before only."""
    folder = tmp_path / "history"
    readings = [("S1", minute * 60.0, 40.0) for minute in range(24 * 60)]
    readings[13 * 60 + 30] = ("S1", 13.5 * HOUR_S, 91.2)
    readings[2 * 60] = ("S1", 2 * HOUR_S, 12.3)
    keep_day(folder, "2026-11-22", readings)
    keep_day(folder, "2026-11-21", [("S2", 60.0, 33.3)])
    return folder


def span_s(page: Page) -> float:
    found = parse_qs(page.url.partition("?")[2])
    return float(found["to"][0]) - float(found["from"][0])


def test_a_day_is_shown_with_its_peak_as_a_picture_as_words_and_as_a_table(
    dashboard: Callable[..., Dashboard], visit: Visit, kept: Path
) -> None:
    page = visit(dashboard("--history", str(kept)).url).page
    page.locator("#nav-history").click()
    expect(page.locator("#pick-day option")).to_have_text(["Sunday, 22 November 2026", "Saturday, 21 November 2026"])
    expect(page.locator("#history-chart canvas")).to_be_visible()
    summary = page.locator("#history-summary")
    expect(summary).to_contain_text("Lowest 12.3 °C at 02:00, highest 91.2 °C at 13:30, mean 40.0 °C")
    expect(page.get_by_role("img", name="Temperature of S1 on Sunday, 22 November 2026")).to_be_visible()
    page.get_by_text("Hour by hour, as a table").click()
    row = page.locator("#hours tr").nth(13)
    assert [row.locator("th, td").nth(cell).inner_text() for cell in (0, 1, 3)] == ["13:00", "40.0 °C", "91.2 °C"]


def test_zoom_by_mouse_and_keyboard_changes_the_address_and_back_again(
    dashboard: Callable[..., Dashboard], visit: Visit, kept: Path
) -> None:
    page = visit(dashboard("--history", str(kept)).url).page
    page.goto(page.url + "#history?sensor=S1&day=2026-11-22")
    chart = page.locator("#history-chart")
    expect(chart.locator("canvas")).to_be_visible()
    box = chart.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + 60, steps=4)
    page.mouse.up()
    expect(page.locator("#history-summary")).to_contain_text("highest 91.2 °C at 13:30")
    expect(page.locator("#history-summary")).to_contain_text("Lowest 40.0 °C")
    assert span_s(page) == pytest.approx(6 * HOUR_S, rel=0.02)
    chart.focus()
    page.keyboard.press("+")
    page.wait_for_url(lambda url: "from=" in url)
    assert span_s(page) == pytest.approx(3 * HOUR_S, rel=0.02)
    page.keyboard.press("0")
    expect(page.locator("#history-summary")).to_contain_text("Lowest 12.3 °C at 02:00")
    assert "from=" not in page.url
    page.go_back()
    expect(page.locator("#history-summary")).to_contain_text("Lowest 40.0 °C")
    chart.locator(".u-over").dblclick()
    expect(page.locator("#history-summary")).to_contain_text("Lowest 12.3 °C at 02:00")


def test_a_link_opens_machine_day_and_time_and_the_machine_has_its_name(
    dashboard: Callable[..., Dashboard], visit: Visit, kept: Path, write: Writer
) -> None:
    url = dashboard("--history", str(kept), "--machines", "spark/machines.csv").url
    page = visit(url).page
    page.goto(f"{url}/#history?sensor=S1&day=2026-11-22&from=1795312860&to=1795316400")
    page.reload()
    expect(page.locator("#history-summary")).to_contain_text("Lowest 40.0 °C at 02:01")
    write.reading("S1", 20.0)  # the page hears of the machine, and of its name, after it was asked for its history
    expect(page.locator("#pick-sensor option:checked")).to_have_text("Ekstruder 1")
    page.locator("#pick-day").select_option("2026-11-21")
    expect(page.locator("#history-says")).to_have_text("Nothing was recorded in this time.")
    page.locator("#pick-sensor").select_option("S2")
    expect(page.locator("#history-summary")).to_contain_text("highest 33.3 °C at 00:01")


def test_a_day_can_be_downloaded(dashboard: Callable[..., Dashboard], visit: Visit, kept: Path) -> None:
    page = visit(dashboard("--history", str(kept)).url).page
    page.goto(page.url + "#history?sensor=S2&day=2026-11-21")
    with page.expect_download() as found:
        page.get_by_role("link", name="Download as CSV").click()
    assert found.value.suggested_filename == "suhu-2026-11-21-S2.csv"
    header, row = Path(found.value.path()).read_text().splitlines()
    assert header.startswith("sensor_id,measured_at,suhu")
    assert row.startswith("S2,2026-11-21T00:01:00.000Z,33.3,serial,")


def test_without_a_history_it_is_told_how_to_keep_one(dashboard: Callable[..., Dashboard], visit: Visit) -> None:
    page = visit(dashboard().url).page
    page.locator("#nav-history").click()
    expect(page.locator("#history-says")).to_contain_text("No history is kept yet.")
    expect(page.locator("#pick")).to_be_visible(visible=False)
