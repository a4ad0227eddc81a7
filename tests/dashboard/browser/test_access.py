"""Usable without a mouse, without eyes, without colours, and on a phone."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system


def faults(page: Page) -> list[str]:
    """What axe-core finds, with the first element of each."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}: {one['nodes'][0]['html']}" for one in found]


def fill(write: Writer) -> None:
    """A machine in each state, and a list of each kind of happening."""
    write.reading("silent", 85.0, ago_s=300)
    write.readings([("hot", 90.0), ("warm", 75.0), ("cool", 20.0)])
    write.reading("made-up", 21.0, source="simulator")
    write.incident("warm", "fast_heating", "ended", began_ago_s=900, lasted_s=60)
    write.junk(b"{")


@pytest.mark.parametrize(
    ("theme", "locale", "width"), [("light", "id-ID", 1280), ("dark", "en-GB", 1280), ("light", "en-GB", 360)]
)
def test_axe_finds_nothing(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit, theme: str, locale: str, width: int
) -> None:
    fill(write)
    url = dashboard("--gateway", "http://127.0.0.1:9").url
    page = visit(
        url, color_scheme=theme, locale=locale, viewport={"width": width, "height": 800}, reduced_motion="reduce"
    ).page
    expect(page.locator(".tile")).to_have_count(5)
    expect(page.locator('.tile[data-stale="yes"]')).to_have_count(1)
    expect(page.locator("#banners .banner")).to_be_visible()
    assert faults(page) == []
    page.locator('.tile[data-sensor="hot"] .name').click()
    expect(page.locator("#machine-chart canvas")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.locator("#nav-history").click()
    expect(page.locator("#history-heading")).to_be_visible()
    assert faults(page) == []


def test_axe_finds_what_is_there(dashboard: Callable[..., Dashboard], visit: Visit) -> None:
    page = visit(dashboard().url).page
    page.evaluate("document.getElementById('sound').replaceChildren()")
    assert [one.partition(":")[0] for one in faults(page)] == ["button-name"]


def test_everything_can_be_reached_and_done_with_the_keyboard(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    write.reading("S1", 90.0)
    expect(page.locator("#alarm")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the machines")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(8):  # five states, the search, the switch, the machine
        page.keyboard.press("Tab")
    expect(page.locator(".tile .name")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#machine")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".tile .name")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#pin")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#pin")).to_have_attribute("aria-pressed", "false")
    page.locator("#acknowledge-all").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alarm")).to_be_hidden()


def test_only_new_warnings_are_said_aloud_and_values_are_not(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    write.reading("S1", 90.0)
    expect(page.locator("#announcer")).to_have_text("New warning: S1")
    assert page.locator("[aria-live]").count() == 1
    assert page.locator(".tile [aria-live], .tile [role=status], .tile[aria-live]").count() == 0


def test_on_a_phone_nothing_is_wider_than_the_screen(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True).page
    fill(write)
    write.reading("a-machine-with-a-name-that-has-no-blank-and-does-not-end-" * 2, 91.0)
    expect(page.locator(".tile")).to_have_count(6)
    expect(page.locator("#alarm")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator("#nav-history").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_the_theme_follows_the_system_until_the_button_is_pressed(
    dashboard: Callable[..., Dashboard], visit: Visit
) -> None:
    page = visit(dashboard().url, color_scheme="dark").page
    ink = "getComputedStyle(document.documentElement).color"
    assert page.evaluate(ink) == "rgb(242, 246, 250)"
    page.locator("#theme").click()
    assert page.evaluate(ink) == "rgb(15, 28, 40)"
    page.reload()
    assert page.evaluate(ink) == "rgb(15, 28, 40)"
