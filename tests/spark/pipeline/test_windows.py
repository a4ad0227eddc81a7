import itertools
import json
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suhu_jobs.pipeline.folding import Reading, State
from suhu_jobs.pipeline.windows import Windows

NOON_MS = 1_795_348_800_000  # 2026-11-22T12:00:00Z
FOLD = Windows(threshold_celsius=80.0, lateness_ms=2000, silent_after_ms=30_000)


def _reading(second: float, celsius: float = 70.0, *, unsynced: bool = False, source: str = "serial") -> Reading:
    return Reading(
        sensor_id="S1",
        celsius=celsius,
        measured_at_ms=NOON_MS + round(second * 1000),
        source=source,
        event_id=None,
        origin="sensor-suhu/0/0",
        replayed=False,
        clock_unsynced=unsynced,
        retained=False,
    )


class _Sensor:
    """Runs the fold as Spark does: state as JSON between batches."""

    def __init__(self, fold: Windows = FOLD) -> None:
        self.fold = fold
        self.state: State = fold.start()
        self.told: list[dict[str, Any]] = []

    def batch(self, *readings: Reading) -> list[dict[str, Any]]:
        """What one batch with these readings tells."""
        before = len(self.told)
        for reading in readings:
            self.fold.reading(self.state, reading, self.told.append)
        self.fold.settle(self.state, self.told.append)
        self.state = json.loads(json.dumps(self.state))
        return self.told[before:]

    def due_ms(self, now_ms: int) -> int | None:
        return self.fold.due_ms(self.state, now_ms)

    def timer(self, now_ms: int) -> list[dict[str, Any]]:
        before = len(self.told)
        self.fold.timer(self.state, now_ms, self.told.append)
        self.state = json.loads(json.dumps(self.state))
        return self.told[before:]


def _short(records: Iterable[dict[str, Any]]) -> list[str]:
    """`10 12:00:00 final 3` for each record of a window, `late 1` for what is in none."""
    words = []
    for record in records:
        if record["stat_id"] is None:
            words.append(" ".join(f"{name} {record[name]}" for name in ("late", "untimed") if record[name]))
        else:
            setbacks = f" after setback {record['setbacks']}" if record["setbacks"] else ""
            final = "final" if record["final"] else "open"
            words.append(f"{record['window_s']} {record['window_start'][11:19]} {final} {record['count']}{setbacks}")
    return words


def test_a_record_says_everything_about_its_window() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(0, 70.25), _reading(4.5, 90.5), _reading(9.999, 80.0))
    final, *_ = sensor.batch(_reading(12))
    assert final == {
        "stat_id": "S1/10/2026-11-22T12:00:00.000Z/0",
        "sensor_id": "S1",
        "window_start": "2026-11-22T12:00:00.000Z",
        "window_s": 10,
        "final": True,
        "revision": 7,
        "count": 3,
        "min": 70.25,
        "max": 90.5,
        "mean": 80.25,
        "last": 80.0,
        "share_above": 1 / 3,
        "threshold_celsius": 80.0,
        "first_measured_at": "2026-11-22T12:00:00.000Z",
        "last_measured_at": "2026-11-22T12:00:09.999Z",
        "source": "serial",
        "setbacks": 0,
        "late": None,
        "untimed": None,
    }


def test_each_batch_tells_the_windows_it_changed_once() -> None:
    sensor = _Sensor()
    assert _short(sensor.batch(_reading(0), _reading(1))) == ["10 12:00:00 open 2", "60 12:00:00 open 2"]
    assert _short(sensor.batch(_reading(11))) == ["10 12:00:10 open 1", "60 12:00:00 open 3"]
    assert _short(sensor.batch()) == []


def test_a_window_is_final_when_a_reading_is_later_than_its_end_by_the_lateness() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(9))
    assert _short(sensor.batch(_reading(11.999))) == ["10 12:00:10 open 1", "60 12:00:00 open 2"]
    assert _short(sensor.batch(_reading(12))) == ["10 12:00:00 final 1", "10 12:00:10 open 2", "60 12:00:00 open 3"]


def test_both_widths_end_with_the_minute_and_a_gap_makes_no_empty_windows() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(50))
    assert _short(sensor.batch(_reading(200))) == [
        "10 12:00:50 final 1",
        "60 12:00:00 final 1",
        "10 12:03:20 open 1",
        "60 12:03:00 open 1",
    ]


def test_a_wobble_within_the_lateness_counts_in_its_window() -> None:
    sensor = _Sensor()
    told = sensor.batch(_reading(9), _reading(10.5), _reading(8.5), _reading(12))
    assert _short(told) == ["10 12:00:00 final 2", "10 12:00:10 open 2", "60 12:00:00 open 4"]


def test_a_straggler_is_late_and_changes_no_window() -> None:
    sensor = _Sensor()
    told = sensor.batch(_reading(0), _reading(15), _reading(5), _reading(6), _reading(16))
    assert _short(told) == ["10 12:00:00 final 1", "late 2", "10 12:00:10 open 2", "60 12:00:00 open 3"]


def test_a_reading_whose_time_is_wrong_for_sure_is_in_no_window_and_moves_none() -> None:
    sensor = _Sensor()
    in_1970 = _reading(-1_795_348_800, unsynced=True)
    assert _short(sensor.batch(in_1970)) == ["untimed 1"]
    told = sensor.batch(_reading(1), *[in_1970] * 4, _reading(2), _reading(9000, unsynced=True), _reading(3))
    assert _short(told) == [*["untimed 1"] * 5, "10 12:00:00 open 3", "60 12:00:00 open 3"]


def test_a_clock_that_jumps_ten_minutes_ahead_and_back_loses_nothing() -> None:
    sensor = _Sensor()
    ahead = [_reading(601), _reading(602)]
    told = sensor.batch(_reading(0), *ahead, *(_reading(second) for second in range(3, 63)))
    assert _short(told) == [
        "10 12:00:00 final 1",
        "60 12:00:00 final 1",
        "10 12:10:00 final 2",
        "60 12:10:00 final 2",
        "10 12:00:00 final 7 after setback 1",
        "10 12:00:10 final 10 after setback 1",
        "10 12:00:20 final 10 after setback 1",
        "10 12:00:30 final 10 after setback 1",
        "10 12:00:40 final 10 after setback 1",
        "10 12:00:50 final 10 after setback 1",
        "60 12:00:00 final 57 after setback 1",
        "10 12:01:00 open 3 after setback 1",
        "60 12:01:00 open 3 after setback 1",
    ]


def test_a_window_met_again_after_a_setback_has_an_id_of_its_own() -> None:
    sensor = _Sensor()
    told = sensor.batch(_reading(600), _reading(0), _reading(1), _reading(2), *map(_reading, range(590, 613)))
    ids = [record["stat_id"] for record in told if record["final"]]
    assert "S1/10/2026-11-22T12:10:00.000Z/0" in ids
    assert "S1/10/2026-11-22T12:10:00.000Z/1" in ids
    assert len(ids) == len(set(ids))


def test_a_setback_is_believed_over_batches() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(600))
    assert _short(sensor.batch(_reading(0))) == []
    assert _short(sensor.batch(_reading(1))) == []
    assert _short(sensor.batch(_reading(2))) == [
        "10 12:10:00 final 1",
        "60 12:10:00 final 1",
        "10 12:00:00 open 3 after setback 1",
        "60 12:00:00 open 3 after setback 1",
    ]


def test_stragglers_from_all_over_the_past_are_sorted_out_after_a_setback_too() -> None:
    sensor = _Sensor()
    told = sensor.batch(_reading(600), _reading(100), _reading(300), _reading(50), _reading(301))
    assert _short(told) == [
        "10 12:10:00 final 1",
        "60 12:10:00 final 1",
        "10 12:01:40 final 1 after setback 1",
        "60 12:01:00 final 1 after setback 1",
        "late 1",
        "10 12:05:00 open 2 after setback 1",
        "60 12:05:00 open 2 after setback 1",
    ]


def test_the_windows_of_a_silent_sensor_become_final_one_after_the_other() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(4))
    assert sensor.due_ms(1_000_000) == 1_000_000 + 6_000 + 2_000 + 30_000
    assert _short(sensor.timer(1_038_000)) == ["10 12:00:00 final 1"]
    assert sensor.due_ms(1_038_000) == 1_038_000 + 50_000
    assert _short(sensor.timer(1_088_000)) == ["60 12:00:00 final 1"]
    assert sensor.due_ms(1_088_000) is None
    assert _short(sensor.timer(1_088_001)) == []


def test_what_the_gateway_had_held_back_completes_windows_that_silence_had_made_final() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(4))
    sensor.timer(38_000)
    sensor.timer(88_000)
    told = sensor.batch(_reading(5), _reading(6), _reading(13))
    assert _short(told) == ["10 12:00:00 final 3", "10 12:00:10 open 1", "60 12:00:00 open 4"]
    assert [record["revision"] for record in told] == [7, 2, 8]


def test_a_window_that_silence_had_made_final_is_not_told_again_when_nothing_was_added() -> None:
    sensor = _Sensor()
    sensor.batch(_reading(4))
    sensor.timer(38_000)
    assert _short(sensor.batch(_reading(14))) == ["10 12:00:10 open 1", "60 12:00:00 open 2"]


def test_a_sensor_without_a_reading_in_a_window_waits_for_nothing() -> None:
    sensor = _Sensor()
    assert sensor.due_ms(0) is None
    sensor.batch(_reading(0, unsynced=True))
    assert sensor.due_ms(0) is None
    assert sensor.timer(0) == []


@pytest.mark.parametrize("lateness_ms", [0, 2000, 25_000])
def test_the_state_is_bounded(lateness_ms: int) -> None:
    sensor = _Sensor(Windows(80.0, lateness_ms, 30_000))
    for second in range(600):
        sensor.batch(_reading(second, 70 + second / 7), _reading(second - lateness_ms / 1000, 1 / 3))
        assert len(sensor.state["open"]["10"]) <= 2 + lateness_ms // 10_000
        assert len(sensor.state["open"]["60"]) <= 2
        assert len(sensor.state["behind"]) <= 2


SECONDS = st.lists(
    st.one_of(
        st.integers(0, 90),
        st.integers(-2_000, 2_000).map(lambda tenths: tenths / 10),
        st.sampled_from([-1_795_348_800.0, 600.0, 601.0, 602.0]),
    ),
    max_size=60,
)


@given(SECONDS, st.lists(st.integers(0, 60)), st.data())
def test_however_readings_are_cut_into_batches_they_come_to_the_same_final_records(
    seconds: Sequence[float], cuts: Sequence[int], data: st.DataObject
) -> None:
    celsius = [data.draw(st.floats(-273.15, 10_000)) for _ in seconds]
    readings = [*map(_reading, seconds, celsius), *map(_reading, [5000, 5001, 5002, 9000])]
    whole, cut = _Sensor(), _Sensor()
    whole.batch(*readings)
    borders = sorted({0, len(readings), *(border for border in cuts if border < len(readings))})
    for begin, end in itertools.pairwise(borders):
        cut.batch(*readings[begin:end])
    kept = [_told_for_good(sensor.told) for sensor in (whole, cut)]
    assert kept[0] == kept[1]
    assert whole.state == cut.state


@given(SECONDS)
def test_each_reading_is_in_one_window_of_each_width_or_late_or_untimed(seconds: Sequence[float]) -> None:
    sensor = _Sensor()
    sensor.batch(*map(_reading, seconds), *map(_reading, [5000, 5001, 5002, 9000]))
    finals = [record for record in sensor.told if record["final"]]
    assert len({record["stat_id"] for record in finals}) == len(finals)
    outside = sum((record["late"] or 0) + (record["untimed"] or 0) for record in sensor.told)
    for width_s in (10, 60):
        counted = sum(record["count"] for record in finals if record["window_s"] == width_s)
        assert counted + outside == len(seconds) + 3


def _told_for_good(told: Sequence[dict[str, Any]]) -> list[str]:
    """Final records and counters, byte for byte, in their order."""
    return [json.dumps(record) for record in told if record["final"] or record["stat_id"] is None]
