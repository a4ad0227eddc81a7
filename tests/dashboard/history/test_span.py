import pytest

from dashboard.errors import HistoryError
from dashboard.history.span import Span

MIDNIGHT_MS = 1_795_305_600_000


def test_a_day_is_that_of_utc() -> None:
    assert Span.of("S1", "2026-11-22") == Span("S1", "2026-11-22", MIDNIGHT_MS, MIDNIGHT_MS + 86_399_999)


def test_a_part_stays_within_its_day() -> None:
    assert Span.of("S1", "2026-11-22", MIDNIGHT_MS / 1000 + 1.5, 1e10).from_ms == MIDNIGHT_MS + 1500
    assert Span.of("S1", "2026-11-22", 0, 1e10) == Span.of("S1", "2026-11-22")


@pytest.mark.parametrize(("from_s", "to_s"), [(1e10, None), (None, 0), (1_795_305_700, 1_795_305_600)])
def test_an_empty_part_is_refused(from_s: float | None, to_s: float | None) -> None:
    with pytest.raises(HistoryError):
        Span.of("S1", "2026-11-22", from_s, to_s)
