from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system

CALM = "Suhu: machine temperatures"


def test_a_warning_calls_until_it_is_acknowledged_and_stays_acknowledged(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    visitor = visit(dashboard().url)
    page = visitor.page
    write.readings([("S1", 20.0), ("S2", 20.0)])
    expect(page.locator(".tile")).to_have_count(2)
    expect(page).to_have_title(CALM)
    expect(page.locator("#alarm")).to_be_hidden()

    write.reading("S1", 80.5)
    expect(page).to_have_title(f"(1) {CALM}")
    expect(page.locator("#alarm")).to_contain_text("1 new warning S1")
    expect(page.locator("#announcer")).to_have_text("New warning: S1")

    page.locator("#acknowledge-all").click()
    expect(page.locator("#alarm")).to_be_hidden()
    expect(page).to_have_title(CALM)

    write.reading("S1", 81.5)  # the same happening goes on
    expect(page.locator(".tile .celsius").first).to_have_text("81.5")
    page.reload()
    expect(page.locator("#warnings .facts")).to_contain_text("peak 81.5 °C")
    expect(page).to_have_title(CALM)

    write.reading("S2", 90.0)  # another machine is another warning
    expect(page).to_have_title(f"(1) {CALM}")
    expect(page.locator("#alarm")).to_contain_text("1 new warning S2")


def test_an_acknowledgement_holds_in_every_tab(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    visitor = visit(dashboard().url)
    other = visitor.open()
    write.readings([("S1", 85.0), ("S2", 86.0)])
    expect(visitor.page.locator("#alarm")).to_contain_text("2 new warnings")
    expect(other.locator("#alarm")).to_contain_text("2 new warnings")
    other.get_by_role("button", name="Acknowledge S1").click()
    expect(visitor.page.locator("#alarm")).to_contain_text("1 new warning S2")
    expect(visitor.page.get_by_role("button", name="Acknowledge S1")).to_have_count(0)


def test_the_three_witnesses_of_one_happening_are_one_entry(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    expect(page.get_by_text("No warnings.")).to_be_visible()
    write.reading("S1", 84.0)
    expect(page.locator("#warnings li")).to_have_count(1)
    write.alert("S1", 84.0, 1)
    write.incident("S1", "overheating", "began", began_ago_s=60, lasted_s=55)
    expect(page.locator("#warnings .facts")).to_contain_text("peak 85.5 °C, for 1 min")
    expect(page.locator("#warnings li")).to_have_count(1)
    expect(page).to_have_title(f"(1) {CALM}")


def test_what_was_over_before_the_page_was_opened_is_listed_and_calls_nobody(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    write.incident("S1", "fast_heating", "ended", began_ago_s=3600, lasted_s=200)
    write.incident("S2", "silent", "began", began_ago_s=30, lasted_s=10)
    write.alert("S3", 93.4, 1, ago_s=7200)
    page = visit(dashboard().url).page
    expect(page.locator("#warnings .what")).to_have_text(["S2: Silent", "S1: Heating fast", "S3: Too hot"])
    expect(page.locator("#warnings .facts").nth(1)).to_have_text("peak 85.5 °C, lasted 3 min 20 s")
    expect(page.locator("#warnings .facts").nth(2)).to_have_text("peak 93.4 °C, lasted 0 s")
    expect(page).to_have_title(CALM)
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)


def test_the_horn_needs_a_click_first_and_sounds_until_somebody_acknowledges(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    sound = page.locator("#sound")
    expect(sound).to_have_text("Sound is off")
    write.reading("S1", 85.0)
    expect(page.locator("#alarm")).to_be_visible()
    assert page.evaluate("tones") == 0

    sound.click()
    expect(sound).to_have_text("Sound is on")
    expect(sound).to_have_attribute("aria-pressed", "true")
    page.locator("#acknowledge-all").click()
    before = page.evaluate("tones")
    assert before == 1  # so that a person hears how loud it is
    write.reading("S2", 85.0)
    expect(page.locator("#alarm")).to_be_visible()
    assert page.evaluate("tones") == 4

    sound.click()
    expect(sound).to_have_text("Sound is off")
