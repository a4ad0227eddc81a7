from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system


def test_a_browser_set_to_indonesian_gets_indonesian_words_and_numbers(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url, locale="id-ID").page
    write.readings([("S1", 23.5), ("S2", 80.5)])
    expect(page.locator("html")).to_have_attribute("lang", "id")
    expect(page).to_have_title("(1) Suhu: suhu mesin")
    expect(page.locator("#machines-heading")).to_have_text("Mesin")
    tile = page.locator('.tile[data-sensor="S1"]')
    expect(tile.locator(".now")).to_have_text("23,5 °C")
    expect(tile.locator(".state")).to_have_text("Normal")
    expect(page.locator('.tile[data-sensor="S2"] .state')).to_have_text("Kritis")
    expect(page.locator("#alarm")).to_contain_text("1 peringatan baru S2")
    expect(page.locator("#link")).to_have_text("Langsung")
    expect(page.locator("#warnings .facts")).to_have_text("puncak 80,5 °C, sudah 0 dtk")


def test_the_switch_keeps_the_view_and_is_remembered(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    url = dashboard().url
    page = visit(url).page
    write.reading("S1", 23.5)
    expect(page.locator(".tile .now")).to_have_text("23.5 °C")
    page.goto(f"{url}/#history")
    page.locator('.languages a[lang="id"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "id")
    expect(page.get_by_role("heading", name="Riwayat")).to_be_visible()
    page.goto(url)
    expect(page.locator("html")).to_have_attribute("lang", "id")
    expect(page.locator(".tile .now")).to_have_text("23,5 °C")
    expect(page.locator('.languages a[aria-current="true"]')).to_have_text("ID")
