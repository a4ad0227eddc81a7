import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from sandbox.dashboard import Dashboard
from sandbox.kafka import Kafka
from sandbox.records import read_topic
from tests.dashboard.browser.conftest import Visit
from tests.dashboard.browser.records import Writer

pytestmark = pytest.mark.system

SHOWN = """() => Object.fromEntries([...document.querySelectorAll(".tile")].map(
    (tile) => [tile.dataset.sensor, tile.querySelector(".celsius").textContent]))"""


def test_values_on_the_page_are_those_in_kafka(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit, kafka: Kafka, topic: str
) -> None:
    page = visit(dashboard().url).page
    write.readings([("S1", 83.4), ("S2", -12.6), ("S3", 0.0), ("tungku/7", 41.9)])
    write.readings([("S1", 79.9), ("S2", -11.5), ("tungku/7", 1250.3)])
    expect(page.locator('.tile[data-sensor="tungku/7"] .celsius')).to_have_text("1,250.3")
    expect(page.locator('.tile[data-sensor="S1"] .celsius')).to_have_text("79.9")
    newest = {json.loads(one.value or b"")["sensor_id"]: json.loads(one.value or b"")["suhu"]
              for one in read_topic(kafka.bootstrap_servers, topic)}  # fmt: skip
    assert newest == {"S1": 79.9, "S2": -11.5, "S3": 0.0, "tungku/7": 1250.3}
    assert page.evaluate(SHOWN) == {"S1": "79.9", "S2": "-11.5", "S3": "0.0", "tungku/7": "1,250.3"}


def test_a_level_is_told_by_word_and_icon_and_its_limit_is_not_part_of_it(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard("--machines", "spark/machines.csv").url).page
    write.readings([("S1", 80.0), ("S2", 75.01), ("S3", 70.0)])
    for sensor, name, word, icon, celsius in [
        ("S1", "Ekstruder 1", "Warning", "#i-warning", "80.0"),
        ("S2", "Kompresor 2", "Critical", "#i-critical", "75.01"),  # 75.0 would hide that it is above 75
        ("S3", "Oven 3, zona depan", "Normal", "#i-normal", "70.0"),
    ]:
        tile = page.locator(f'.tile[data-sensor="{sensor}"]')
        expect(tile.locator(".name")).to_have_text(name)
        expect(tile.locator(".state")).to_have_text(word)
        expect(tile.locator(".state use")).to_have_attribute("href", icon)
        expect(tile.locator(".celsius")).to_have_text(celsius)


def test_a_critical_machine_comes_first_unless_that_is_switched_off(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    names = page.locator(".tile .name")
    write.readings([("S10", 20.0), ("S2", 20.0), ("S9", 20.0)])
    expect(names).to_have_text(["S2", "S9", "S10"])
    write.reading("S10", 80.1)
    expect(names).to_have_text(["S10", "S2", "S9"])
    page.get_by_role("button", name="Critical first").click()
    expect(names).to_have_text(["S2", "S9", "S10"])


def test_a_silent_sensor_turns_grey_by_itself_and_its_age_goes_on(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard("--stale-after-s", "1.5").url).page
    write.reading("S1", 81.0)
    tile = page.locator('.tile[data-sensor="S1"]')
    expect(tile).to_have_attribute("data-stale", "no")
    expect(tile).to_have_attribute("data-stale", "yes")
    expect(tile.locator(".state")).to_have_text("No data, was critical")
    expect(tile.locator(".age")).to_have_text(re.compile(r"^([3-9]|\d\d) sec ago$"))
    expect(page.get_by_role("button", name="1 No data")).to_be_visible()
    write.reading("S1", 69.0)
    expect(tile.locator(".state")).to_have_text("Normal")


def test_simulated_late_and_wrong_clocks_are_told_apart_and_records_that_are_none_are_counted(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    page = visit(dashboard().url).page
    expect(page.get_by_text("Every record was shown.")).to_be_visible()
    write.reading("S1", 70.0, source="simulator")
    expect(page.locator('.tile[data-sensor="S1"] .marks')).to_have_text("Simulated")
    for value in (b"{", b"\xff\xfe", b'{"sensor_id": "S1", "suhu": "hot"}'):
        write.junk(value)
    write.reading("S9", 20.0, ago_s=-900)
    expect(page.locator("#skipped")).to_have_text("Not a valid record3Clock ahead of time1")
    expect(page.locator(".tile")).to_have_count(1)


def test_html_in_a_name_is_text(dashboard: Callable[..., Dashboard], write: Writer, visit: Visit) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    page = visit(dashboard().url).page
    write.reading(evil, 95.0)
    expect(page.locator(".tile .name")).to_have_text(evil)
    expect(page.locator("#alarm-machines")).to_have_text(evil)
    expect(page.locator("#warnings .what")).to_have_text(f"{evil}: Too hot")
    page.locator(".tile .name").click()
    expect(page.locator("#machine-name")).to_have_text(evil)
    assert page.locator(".tile img, dialog img, #warnings img").count() == 0
    assert page.title() == "(1) Suhu: machine temperatures"


def test_the_large_chart_has_what_was_there_before_the_page(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    for ago_s in range(120, 0, -10):
        write.reading("S1", 20.0 + ago_s / 10, ago_s=ago_s)
    page = visit(dashboard().url).page
    page.get_by_role("button", name="S1", exact=True).click()
    facts = page.locator("#machine-facts")
    expect(facts).to_contain_text("Lowest of the hour21.0 °C")
    expect(facts).to_contain_text("Highest of the hour32.0 °C")
    expect(page.get_by_role("img", name="Temperature of S1 over the last hour")).to_be_visible()
    expect(page.locator("#machine-chart canvas")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#machine")).to_be_hidden()


def test_filters_count_and_choose(dashboard: Callable[..., Dashboard], write: Writer, visit: Visit) -> None:
    page = visit(dashboard().url).page
    write.readings([("oven", 90.0), ("press", 20.0), ("pump", 21.0)])
    expect(page.get_by_role("button", name="2 Normal")).to_be_visible()
    page.get_by_role("button", name="1 Critical").click()
    expect(page.locator(".tile:visible .name")).to_have_text(["oven"])
    page.get_by_role("button", name="3 All").click()
    page.get_by_label("Find a machine").fill("PU")
    expect(page.locator(".tile:visible .name")).to_have_text(["pump"])


def test_ages_are_told_by_the_servers_clock_not_by_the_browsers(
    dashboard: Callable[..., Dashboard], write: Writer, visit: Visit
) -> None:
    visitor = visit(dashboard().url)
    visitor.context.add_init_script("const now = Date.now; Date.now = () => now() - 3_600_000;")
    page = visitor.open()
    write.reading("S1", 20.0)
    expect(page.locator(".tile .age")).to_have_text(re.compile(r"^\d+ sec ago$"))
