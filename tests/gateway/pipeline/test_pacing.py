from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.journal import Append, Hold, Release
from gateway.model import Reading
from gateway.pipeline.pacing import Pacer

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


def reading(celsius: float, sensor_id: str = "S1") -> Reading:
    return Reading(sensor_id, celsius, MOMENT, "serial")


def test_the_first_reading_goes_on_at_once() -> None:
    assert Pacer(1.0, "newest").offer(reading(70), 100.0) == Append(reading(70))


def test_later_readings_of_the_second_replace_each_other_and_the_newest_leaves_when_it_is_over() -> None:
    pacer = Pacer(1.0, "newest")
    pacer.offer(reading(70), 100.0)
    assert pacer.offer(reading(71), 100.2) == Hold(reading(71))
    assert pacer.offer(reading(69), 100.8) == Hold(reading(69))
    assert pacer.next_due_s() == 101.0
    assert pacer.release(100.99) == []
    assert pacer.release(101.0) == [Release(reading(69))]
    assert pacer.next_due_s() is None
    assert pacer.superseded_total == 1


def test_readings_that_were_measured_in_different_seconds_never_replace_each_other() -> None:
    pacer = Pacer(1.0, "newest")
    stored = [replace(reading(70 + second), measured_at=MOMENT + timedelta(seconds=second)) for second in range(4)]
    operations: list[object] = []
    for one in stored:
        operations += [pacer.make_way(one), pacer.offer(one, 100.0)]
    assert [one for one in operations if one is not None] == [
        Append(stored[0]),
        Hold(stored[1]),
        Release(stored[1]),
        Hold(stored[2]),
        Release(stored[2]),
        Hold(stored[3]),
    ]
    assert pacer.release(101.0) == [Release(stored[3])]
    assert pacer.superseded_total == 0


def test_readings_of_one_second_do_not_make_way() -> None:
    pacer = Pacer(1.0, "newest")
    pacer.offer(reading(70), 100.0)
    pacer.offer(reading(71), 100.2)
    assert pacer.make_way(replace(reading(72), measured_at=MOMENT + timedelta(seconds=0.99))) is None
    assert pacer.make_way(replace(reading(72), measured_at=MOMENT + timedelta(days=1), retained=True)) is None


def test_keep_max_keeps_the_hottest_of_the_second() -> None:
    pacer = Pacer(1.0, "max")
    pacer.offer(reading(70), 100.0)
    assert pacer.offer(reading(83), 100.2) == Hold(reading(83))
    assert pacer.offer(reading(79), 100.8) is None
    assert pacer.release(101.0) == [Release(reading(83))]
    assert pacer.superseded_total == 1


def test_a_sensor_that_reports_once_a_second_with_jitter_waits_for_nothing() -> None:
    pacer = Pacer(1.0, "newest")
    for second, jitter in enumerate([0.0, -0.04, 0.03, -0.05, 0.05, 0.0, -0.02] * 20):
        assert isinstance(pacer.offer(reading(70), 100.0 + second + jitter), Append), second


def test_one_late_reading_does_not_delay_the_next() -> None:
    pacer = Pacer(1.0, "newest")
    arrivals_s = [100.0, 101.0, 102.7, 103.0, 104.0]
    assert all(isinstance(pacer.offer(reading(70), at_s), Append) for at_s in arrivals_s)


def test_after_a_late_start_a_sensor_soon_waits_for_nothing() -> None:
    pacer = Pacer(1.0, "newest")
    pacer.offer(reading(70), 100.6)  # its first reading came 0.6 s late
    waited = []
    for second in range(101, 120):
        waited.append(isinstance(pacer.offer(reading(70), float(second)), Hold))
        pacer.release(second + 0.95)
    assert waited[-10:] == [False] * 10
    assert pacer.superseded_total == 0


def test_a_fast_sensor_is_forwarded_once_a_second() -> None:
    pacer = Pacer(1.0, "newest")
    forwarded = 0
    for tick in range(1001):
        now_s = 100.0 + tick / 10
        forwarded += len(pacer.release(now_s))
        forwarded += isinstance(pacer.offer(reading(70), now_s), Append)
    assert forwarded == 101


def test_sensors_do_not_wait_for_each_other() -> None:
    pacer = Pacer(1.0, "newest")
    assert isinstance(pacer.offer(reading(70, "S1"), 100.0), Append)
    assert isinstance(pacer.offer(reading(70, "S2"), 100.1), Append)


def test_a_retained_reading_takes_neither_the_place_nor_the_turn_of_a_live_one() -> None:
    pacer = Pacer(1.0, "newest")
    retained = replace(reading(95), retained=True)
    assert pacer.offer(retained, 100.0) == Append(retained)
    assert pacer.offer(reading(70), 100.1) == Append(reading(70))
    assert pacer.offer(reading(71), 100.4) == Hold(reading(71))
    assert pacer.offer(retained, 100.5) == Append(retained)
    assert pacer.release(101.1) == [Release(reading(71))]
    assert pacer.superseded_total == 0


def test_interval_zero_forwards_every_reading() -> None:
    pacer = Pacer(0, "newest")
    assert [pacer.offer(reading(celsius), 100.0) for celsius in (70, 71)] == [Append(reading(70)), Append(reading(71))]


def test_release_all_gives_everything_held_in_order_of_its_turn() -> None:
    pacer = Pacer(1.0, "newest")
    for sensor_id, at_s in (("S2", 100.0), ("S1", 100.1)):
        pacer.offer(reading(70, sensor_id), at_s)
        pacer.offer(reading(71, sensor_id), at_s + 0.5)
    assert pacer.release_all() == [Release(reading(71, "S2")), Release(reading(71, "S1"))]
    assert pacer.release_all() == []


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 100)), max_size=60))
def test_nothing_is_invented_nothing_vanishes_and_no_sensor_is_too_fast(steps: list[tuple[float, int]]) -> None:
    pacer = Pacer(1.0, "newest")
    now_s = 0.0
    forwarded: list[float] = []
    for gap_s, celsius in steps:
        now_s += gap_s
        forwarded += [now_s for _ in pacer.release(now_s)]
        if isinstance(pacer.offer(reading(celsius), now_s), Append):
            forwarded.append(now_s)
    forwarded += [now_s for _ in pacer.release_all()]
    assert len(forwarded) + pacer.superseded_total == len(steps)
    if len(forwarded) > 1:
        # 0.9: the grid may be pulled forward by a tenth. One early by slack, one by release_all.
        assert len(forwarded) <= (forwarded[-1] - forwarded[0]) / 0.9 + 3
