import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import Row
from pyspark.sql.streaming.tws_tester import TwsTester
from suhu_jobs.pipeline.folding import Reading
from suhu_jobs.pipeline.incidents import IncidentLimits, Incidents
from suhu_jobs.pipeline.per_sensor import PerSensor

from tests.spark.pipeline.readings import T0_MS, fold_all, reading

LIMITS = IncidentLimits(hot_above_celsius=80, cool_below_celsius=75, silent_after_s=30, fast_celsius_per_min=10)
CALM = replace(LIMITS, fast_celsius_per_min=1e9)  # only heat counts
Told = tuple[str, str, str, float, float | None]  # incident, phase, second it was told, duration in s, peak


def _told(records: Iterable[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """(incident without its topic, phase, second, duration_s, peak) of each record."""
    return [
        (
            record["incident_id"].replace("/t/0/", " "),
            record["phase"] if record["minutes"] is None else f"{record['phase']} {record['minutes']}",
            (record["at_ms"] - T0_MS) / 1000,
            record["duration_ms"] / 1000,
            record["peak_celsius"],
        )
        for record in records
    ]


def _heat(*celsius: float, step_s: float = 1, limits: IncidentLimits = CALM) -> list[tuple[Any, ...]]:
    readings = [reading(number * step_s, degrees, number) for number, degrees in enumerate(celsius)]
    return _told(fold_all(Incidents(limits), readings))


@pytest.mark.parametrize(
    ("celsius", "told"),
    [
        ((20, 80, 79.9, 75, 80), []),
        ((79, 80.0000001), [("overheating 1", "began", 1, 0, 80.0000001)]),
        ((90,), [("overheating 0", "began", 0, 0, 90)]),
        ((81, 80, 75, 79, 75), [("overheating 0", "began", 0, 0, 81)]),
        ((81, 74.9999), [("overheating 0", "began", 0, 0, 81), ("overheating 0", "ended", 1, 1, 81)]),
        ((81, 95, 84, 20), [("overheating 0", "began", 0, 0, 81), ("overheating 0", "ended", 3, 3, 95)]),
        (
            (81, 76, 81, 74, 78, 81, 82, 70),
            [
                ("overheating 0", "began", 0, 0, 81),
                ("overheating 0", "ended", 3, 3, 81),
                ("overheating 5", "began", 5, 0, 81),
                ("overheating 5", "ended", 7, 2, 82),
            ],
        ),
    ],
)
def test_overheating_begins_strictly_above_80_and_ends_strictly_below_75(
    celsius: tuple[float, ...], told: list[Told]
) -> None:
    assert _heat(*celsius) == told


def test_both_limits_can_be_set() -> None:
    limits = replace(CALM, hot_above_celsius=60, cool_below_celsius=60)
    assert _heat(60, 61, 60, 59, limits=limits) == [
        ("overheating 1", "began", 1, 0, 61),
        ("overheating 1", "ended", 3, 2, 61),
    ]


def test_still_hot_is_told_once_a_minute_of_the_readings_own_time() -> None:
    assert _heat(*[90] * 7, 70, step_s=29) == [
        ("overheating 0", "began", 0, 0, 90),
        ("overheating 0", "still 1", 87, 87, 90),
        ("overheating 0", "still 2", 145, 145, 90),
        ("overheating 0", "ended", 203, 203, 90),
    ]


def test_still_hot_comes_at_the_full_minute() -> None:
    assert [record[1:4] for record in _heat(*[90] * 3, step_s=59.999)] == [
        ("began", 0, 0),
        ("still 1", 119.998, 119.998),
    ]
    assert [record[1:4] for record in _heat(*[90] * 3, step_s=60)] == [
        ("began", 0, 0),
        ("still 1", 60, 60),
        ("still 2", 120, 120),
    ]


def test_after_a_gap_still_hot_is_told_once_and_not_for_each_minute() -> None:
    assert [record[1:3] for record in _heat(90, 85, 85, 85, step_s=400)] == [
        ("began", 0),
        ("still 6", 400),
        ("still 13", 800),
        ("still 20", 1200),
    ]


def test_a_clock_that_is_set_back_makes_no_duration_shrink() -> None:
    readings = [reading(0, 90, 1), reading(50, 91, 2), reading(-3600, 92, 3), reading(55, 90, 4), reading(-3000, 70, 5)]
    assert _told(fold_all(Incidents(CALM), readings)) == [
        ("overheating 1", "began", 0, 0, 90),
        ("overheating 1", "ended", -3000, 55, 92),
    ]


def test_what_lies_between_a_wrong_clock_and_a_right_one_is_left_out() -> None:
    wrong = -800_000_000  # the year 2001
    readings = [
        reading(wrong, 90, 1, clock_unsynced=True),
        reading(wrong + 20, 90, 2, clock_unsynced=True),
        reading(1000, 90, 3),
        reading(1030, 90, 4),
        reading(wrong + 999, 90, 5, clock_unsynced=True),
        reading(wrong + 1009, 70, 6, clock_unsynced=True),
    ]
    records = fold_all(Incidents(CALM), readings)
    assert _told(records) == [
        ("overheating 1", "began", wrong, 0, 90),
        ("overheating 1", "ended", wrong + 1009, 60, 90),
    ]
    assert [record["clock_unsynced"] for record in records] == [True, True]


def test_every_field_of_a_record() -> None:
    began, ended = fold_all(
        Incidents(CALM), [reading(0, 83.4, 42, replayed=True), reading(2.5, 60, 43, clock_unsynced=True)]
    )
    assert began == {
        "incident_id": "overheating/t/0/42",
        "kind": "overheating",
        "phase": "began",
        "minutes": None,
        "sensor_id": "S1",
        "at_ms": T0_MS,
        "began_at_ms": T0_MS,
        "duration_ms": 0,
        "suhu": 83.4,
        "peak_celsius": 83.4,
        "peak_rate_celsius_per_min": None,
        "reading_id": "t/0/42",
        "replayed": True,
        "clock_unsynced": False,
    }
    assert ended == {
        **began,
        "phase": "ended",
        "at_ms": T0_MS + 2500,
        "suhu": 60,
        "reading_id": "t/0/43",
        "replayed": False,
        "clock_unsynced": True,
    }


def test_fast_heating_begins_above_its_limit_and_ends_below_the_half_of_it() -> None:
    """12 °C/min from second 100 to 220; with a share f of the minute on the slope, the rate is 3f² - 2f³ of it."""
    readings = [reading(second, 20 + min(max(second - 100, 0), 120) / 5) for second in range(320)]
    records = fold_all(Incidents(LIMITS), readings)
    assert _told(records) == [
        ("fast_heating 145", "began", 145, 0, 29.0),
        ("fast_heating 145", "ended", 253, 108, 44.0),
    ]
    assert [record["peak_rate_celsius_per_min"] for record in records] == [
        pytest.approx(10.1, abs=0.2),
        pytest.approx(12.0, abs=0.001),
    ]


@pytest.mark.parametrize(
    ("steps", "phases"),
    [
        ((10.0, 10.0), []),
        ((10.01, 5.0), ["began"]),
        ((10.01, 4.99), ["began", "ended"]),
        ((40, -3), ["began", "ended"]),
    ],
)
def test_the_limits_of_fast_heating_are_strict(steps: Sequence[float], phases: list[str]) -> None:
    celsius, readings = 20.0, [reading(0, 20)]
    for minute, step in enumerate(steps, start=1):  # one reading in 61 s: the rate is the difference of two
        celsius += step * 61 / 60
        readings.append(reading(61 * minute, celsius))
    assert [record["phase"] for record in fold_all(Incidents(LIMITS), readings)] == phases


def test_fast_heating_stays_open_while_no_rate_is_known() -> None:
    readings = [
        reading(0, 20),
        reading(60, 40),
        reading(90, 50, clock_unsynced=True),
        reading(3690, 20),
        reading(3750, 20),
    ]
    assert _told(fold_all(Incidents(LIMITS), readings)) == [
        ("fast_heating 60", "began", 60, 0, 40),
        ("fast_heating 60", "ended", 3750, 60, 50),
    ]


class Heard:
    """A sensor and the job's clock, in seconds after T0."""

    def __init__(self) -> None:
        self.fold = Incidents(LIMITS)
        self.state = self.fold.start()

    def reading(self, at_s: float, **other: Any) -> list[tuple[Any, ...]]:
        return _told(fold_all(self.fold, [reading(at_s, 20, **other)], self.state))

    def timer(self, now_s: float) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        self.fold.timer(self.state, T0_MS + round(now_s * 1000), records.append)
        return records

    def due_s(self, now_s: float) -> float | None:
        due_ms = self.fold.due_ms(self.state, T0_MS + round(now_s * 1000))
        return None if due_ms is None else (due_ms - T0_MS) / 1000


def test_a_sensor_is_silent_when_the_job_heard_nothing_for_30_s() -> None:
    sensor = Heard()
    assert sensor.reading(5) == []
    assert sensor.due_s(7) == 37
    assert _told(sensor.timer(38.2)) == [("silent 5", "began", 38.2, 33.2, None)]
    assert sensor.due_s(38.2) is None
    assert sensor.reading(65, offset=66) == [("silent 5", "ended", 65, 60, None)]
    assert sensor.due_s(66) == 96
    assert _told(sensor.timer(96)) == [("silent 66", "began", 96, 31, None)]


def test_every_field_of_a_silence() -> None:
    sensor = Heard()
    sensor.reading(5, replayed=True)
    assert sensor.timer(38) == [
        {
            "incident_id": "silent/t/0/5",
            "kind": "silent",
            "phase": "began",
            "minutes": None,
            "sensor_id": "S1",
            "at_ms": T0_MS + 38_000,
            "began_at_ms": T0_MS + 5_000,
            "duration_ms": 33_000,
            "suhu": 20,
            "peak_celsius": None,
            "peak_rate_celsius_per_min": None,
            "reading_id": "t/0/5",
            "replayed": True,
            "clock_unsynced": False,
        }
    ]


def test_readings_that_were_held_up_show_that_the_sensor_went_on() -> None:
    sensor = Heard()
    sensor.reading(5)
    sensor.timer(40)
    assert sensor.reading(6, replayed=True) == [("silent 5", "ended", 6, 1, None)]


def test_the_duration_of_a_silence_needs_clocks_that_agree() -> None:
    fast_clock = Heard()
    fast_clock.reading(60)
    assert _told(fast_clock.timer(35)) == [("silent 60", "began", 35, 30, None)]
    assert fast_clock.reading(50, offset=61) == [("silent 60", "ended", 50, 0, None)]
    wrong_clock = Heard()
    wrong_clock.reading(-800_000_000, offset=7, clock_unsynced=True)
    assert _told(wrong_clock.timer(35)) == [("silent 7", "began", 35, 30, None)]
    assert wrong_clock.reading(100) == [("silent 7", "ended", 100, 30, None)]


def test_silence_leaves_overheating_open() -> None:
    fold = Incidents(LIMITS)
    state = fold.start()
    records = fold_all(fold, [reading(0, 90)], state)
    fold.timer(state, T0_MS + 30_000, records.append)
    records += fold_all(fold, [reading(100, 70)], state)
    assert _told(records) == [
        ("overheating 0", "began", 0, 0, 90),
        ("silent 0", "began", 30, 30, None),
        ("silent 0", "ended", 100, 100, None),
        ("overheating 0", "ended", 100, 100, 90),
    ]


# What any sensor may send: temperatures around the limits, times that mostly go on, now and then a wrong clock.
_readings = st.lists(
    st.tuples(
        st.sampled_from([20.0, 74.9, 75.0, 77.5, 80.0, 80.1, 120.0]),
        st.sampled_from([0.0, 1.0, 1.0, 20.0, 45.0, 70.0, 1000.0, -30.0]),
        st.integers(0, 9).map(lambda number: number == 0),
    ),
    max_size=60,
)


def _sequence(steps: Iterable[tuple[float, float, bool]]) -> list[Reading]:
    readings, at_s = [], 0.0
    for number, (celsius, step_s, unsynced) in enumerate(steps, start=1):
        at_s += step_s
        event_id = f"g/aaaa/{number}"
        readings.append(reading(at_s, celsius, number, clock_unsynced=unsynced, event_id=event_id))
    return readings


@given(_readings)
def test_beginnings_and_ends_alternate_and_every_id_is_given_once(steps: list[tuple[float, float, bool]]) -> None:
    records = fold_all(Incidents(LIMITS), _sequence(steps))
    open_id: dict[str, str | None] = defaultdict(lambda: None)
    for record in records:
        if record["phase"] == "began":
            assert open_id[record["kind"]] is None
            open_id[record["kind"]] = record["incident_id"]
        assert open_id[record["kind"]] == record["incident_id"]
        if record["phase"] == "ended":
            open_id[record["kind"]] = None
    ids = [(record["incident_id"], record["phase"], record["minutes"]) for record in records]
    assert len(ids) == len(set(ids))


@given(_readings)
def test_durations_and_peaks_of_an_incident_only_grow(steps: list[tuple[float, float, bool]]) -> None:
    told: dict[str, tuple[float, float]] = {}
    for record in fold_all(Incidents(LIMITS), _sequence(steps)):
        duration_ms, peak = told.get(record["incident_id"], (0, -math.inf))
        assert record["duration_ms"] >= duration_ms
        assert record["peak_celsius"] >= peak
        assert record["suhu"] <= record["peak_celsius"]
        told[record["incident_id"]] = (record["duration_ms"], record["peak_celsius"])


@given(_readings)
def test_every_incident_has_ended_once_the_sensor_was_cool_and_steady(steps: list[tuple[float, float, bool]]) -> None:
    cool = [(20.0, 61.0, False)] * 3  # the first may be a jump down, or the first with a right clock
    phases: dict[str, list[str]] = defaultdict(list)
    for record in fold_all(Incidents(LIMITS), _sequence([*steps, *cool])):
        phases[record["incident_id"]].append(record["phase"])
    for told in phases.values():
        assert told == ["began", *["still"] * (len(told) - 2), "ended"]


def _rows(readings: Iterable[Reading]) -> list[Row]:
    return [
        Row(
            topic="t",
            partition=0,
            offset=int(one.origin.rpartition("/")[2]),
            sensor_id=one.sensor_id,
            suhu=one.celsius,
            measured_at_ms=one.measured_at_ms,
            source=one.source,
            event_id=one.event_id,
            replayed=one.replayed,
            clock_unsynced=one.clock_unsynced,
            retained=False,
        )
        for one in readings
    ]


def _in_batches(rows: Sequence[Row], sizes: Iterable[int]) -> list[Row]:
    """The records that come of these rows when batches of these sizes, and then the rest, are read."""
    tester, out, begin = TwsTester(PerSensor(Incidents(LIMITS)), timeMode="ProcessingTime"), [], 0
    for size in sizes:
        out += tester.test("S1", list(reversed(rows[begin : begin + size])))
        begin += size
    return [*out, *tester.test("S1", list(rows[begin:]))]


@given(_readings, st.lists(st.integers(0, 9), max_size=12))
def test_however_readings_are_cut_into_batches_the_records_are_the_same(
    steps: list[tuple[float, float, bool]], sizes: list[int]
) -> None:
    rows = _rows(_sequence(steps))
    assert _in_batches(rows, sizes) == _in_batches(rows, [])


@given(_readings, st.data())
def test_a_resend_changes_nothing(steps: list[tuple[float, float, bool]], data: st.DataObject) -> None:
    sent = _sequence(steps)
    rows = _rows(sent)
    with_resends: list[Row] = []
    for number, row in enumerate(rows):
        with_resends.append(row)
        again = data.draw(st.lists(st.integers(0, number), max_size=3))
        with_resends.extend(rows[earlier] for earlier in again)
    spread = [Row(**{**row.asDict(), "offset": number}) for number, row in enumerate(with_resends)]

    def told(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
        return [
            (r["kind"], r["phase"], r["at_ms"], r["duration_ms"], r["peak_celsius"]) for r in _in_batches(rows, [7])
        ]

    assert told(spread) == told(rows)
