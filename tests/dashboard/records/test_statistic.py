from dataclasses import replace

from dashboard.records.statistic import Statistic, parse_statistic
from tests.dashboard.golden import invalid, refusal, valid

MINUTE = Statistic(
    stat_id="S1/60/2026-11-22T03:04:00.000Z/0",
    sensor_id="S1",
    window_start_ms=1_795_316_640_000,
    window_s=60,
    revision=4,
    setbacks=0,
    minimum=79.5,
    maximum=83.5,
    mean=81.5,
    share_above=0.5,
)


def test_the_golden_records() -> None:
    assert [parse_statistic(value).window_s for value in valid("sensor-suhu-stats")] == [10, 60, 10, 60]
    assert parse_statistic(valid("sensor-suhu-stats")[1]) == MINUTE


def test_the_highest_revision_of_a_window_holds_and_the_newest_window() -> None:
    grown = replace(MINUTE, revision=5)
    following = replace(
        MINUTE, stat_id="S1/60/2026-11-22T03:05:00.000Z/0", window_start_ms=1_795_316_700_000, revision=2
    )
    assert grown.is_after(MINUTE)
    assert not MINUTE.is_after(grown)
    assert following.is_after(grown)
    assert not replace(MINUTE, revision=9).is_after(following)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    earlier = replace(MINUTE, stat_id="S1/60/2026-11-22T02:00:00.000Z/1", window_start_ms=1_795_312_800_000, setbacks=1)
    assert earlier.is_after(MINUTE)


def test_no_invalid_golden_record_breaks_the_reader() -> None:
    assert {refusal(parse_statistic, value) for value in invalid("sensor-suhu-stats").values()} <= {None, "malformed"}
