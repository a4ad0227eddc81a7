from datetime import UTC, datetime

from gateway.clock import WallClock

NOW_S = datetime(2026, 11, 22, tzinfo=UTC).timestamp()


def test_a_clock_that_runs_is_believed() -> None:
    clock = WallClock()
    assert not any(clock.unsynced(NOW_S + second, 100.0 + second) for second in range(10))
    assert clock.jumps_total == 0


def test_a_box_that_starts_in_1970_is_not_believed_until_its_clock_is_set() -> None:
    clock = WallClock()
    assert clock.unsynced(5.0, 100.0)
    assert not clock.unsynced(NOW_S, 101.0)


def test_each_jump_is_counted_once() -> None:
    clock = WallClock()
    fifteen_years_s = 15 * 365 * 86_400.0
    for wall_s, monotonic_s in [(0, 0), (1, 1), (fifteen_years_s, 2), (fifteen_years_s + 1, 3), (4, 4), (5.5, 5)]:
        clock.unsynced(NOW_S + wall_s, monotonic_s)
    assert clock.jumps_total == 2
