"""Parts of the page without the page: the browser imports the module and nothing else of it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from sandbox.dashboard import Dashboard
from tests.dashboard.browser.conftest import Visit

pytestmark = pytest.mark.system

SPANS = """async (told) => {
    const { Spans } = await import("/static/spans.js");
    const spans = new Spans();
    for (const [kind, began, end, peak, incident, open] of told) {
        spans.add({ sensor: "S1", kind, began: began * 1000, end: end * 1000, peak, incident, open });
    }
    return spans.list(() => false).map(({ kind, began, end, peak, isOpen }) =>
        [kind, began / 1000, end / 1000, peak, isOpen]);
}"""
POINTS = """async (added) => {
    const { Points } = await import("/static/points.js");
    const points = new Points();
    for (const [t, celsius] of added) points.add(t, celsius);
    return points.columns;
}"""
HOT = "overheating"


@pytest.fixture
def page(dashboard: Callable[..., Dashboard], visit: Visit) -> Page:
    return visit(dashboard().url).page


def test_what_overlaps_or_is_close_is_one_span(page: Page) -> None:
    def spans(*told: tuple[str, int, int, float, str | None, bool | None]) -> Any:
        return page.evaluate(SPANS, list(told))

    assert spans((HOT, 0, 0, 81.0, None, None), (HOT, 30, 30, 85.0, None, None)) == [[HOT, 0, 30, 85, False]]
    assert spans((HOT, 0, 0, 81.0, None, None), (HOT, 31, 31, 85.0, None, None)) == [
        [HOT, 31, 31, 85, False],
        [HOT, 0, 0, 81, False],
    ]
    # An incident that reaches from one to the other makes them one, and says whether it is over.
    two = ((HOT, 0, 0, 81.0, None, None), (HOT, 100, 100, 85.0, None, None))
    assert spans(*two, (HOT, 0, 100, 84.0, "i", True)) == [[HOT, 0, 100, 85, True]]
    assert spans(*two, (HOT, 0, 100, 84.0, "i", True), (HOT, 0, 110, 84.0, "i", False)) == [[HOT, 0, 110, 85, False]]
    # Another kind is another span.
    assert len(spans((HOT, 0, 0, 81.0, None, None), ("fast_heating", 0, 0, 81.0, "j", False))) == 2


def test_spans_are_bounded_and_the_oldest_go_first(page: Page) -> None:
    found = page.evaluate(SPANS, [[HOT, at * 100, at * 100, 81.0, None, None] for at in range(3010)])
    assert len(found) == 3000
    assert found[-1][1] == 1000


def test_a_silence_is_a_gap_and_a_slow_sensor_has_none(page: Page) -> None:
    assert page.evaluate(POINTS, [[0, 20.0], [1, 21.0], [41, 22.0]]) == [[0, 1, 21, 41], [20, 21, None, 22]]
    assert page.evaluate(POINTS, [[0, 20.0], [60, 21.0], [120, 22.0]]) == [[0, 60, 120], [20, 21, 22]]
    assert page.evaluate(POINTS, [[5, 20.0], [4, 30.0], [5, 40.0]]) == [[5], [20]]  # only to the right
