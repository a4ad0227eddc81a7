from suhu_jobs.wall_clock import WallClock


def test_a_clock_that_is_set_back_is_noticed_once() -> None:
    now = {"wall": 1_000_000.0, "monotonic": 50.0}
    clock = WallClock(lambda: now["wall"], lambda: now["monotonic"])
    assert not clock.was_set_back()
    now.update(wall=1_000_010.0, monotonic=60.0)
    assert not clock.was_set_back()
    now.update(wall=996_410.5, monotonic=60.5)
    assert clock.was_set_back()
    assert not clock.was_set_back()


def test_neither_a_jump_ahead_nor_a_slow_correction_is_taken_for_it() -> None:
    now = {"wall": 1_000_000.0, "monotonic": 50.0}
    clock = WallClock(lambda: now["wall"], lambda: now["monotonic"])
    now.update(wall=2_000_000.0)
    assert not clock.was_set_back()
    for _ in range(1_000):
        now.update(wall=now["wall"] + 0.45, monotonic=now["monotonic"] + 0.5)
        assert not clock.was_set_back()
