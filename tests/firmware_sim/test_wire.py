import pytest

from firmware_sim.wire import Wire


def test_a_byte_is_ten_bits() -> None:
    assert Wire().carry(due_s=5.0, size_bytes=96, baud=9600) == pytest.approx(5.1)


def test_twice_the_baud_is_half_the_time() -> None:
    assert Wire().carry(due_s=0.0, size_bytes=96, baud=19200) == pytest.approx(0.05)


def test_lines_leave_one_after_another() -> None:
    wire = Wire()
    assert wire.carry(0.0, 96, 9600) == pytest.approx(0.1)
    assert wire.carry(0.05, 96, 9600) == pytest.approx(0.2)
    assert wire.carry(1.0, 96, 9600) == pytest.approx(1.1)


def test_deadlines_do_not_drift() -> None:
    wire = Wire()
    assert [wire.carry(0.0, 96, 9600) for _ in range(40)][-1] == pytest.approx(4.0)


def test_line_is_lost_when_4096_bytes_are_ahead_of_it() -> None:
    wire = Wire()
    assert wire.carry(0.0, 4097, 9600) == pytest.approx(4.26770833)
    assert wire.carry(0.0, 10, 9600) is None
    assert wire.carry(0.002, 10, 9600) == pytest.approx(4.278125)


def test_a_lost_line_takes_no_time() -> None:
    wire = Wire()
    wire.carry(0.0, 9600, 9600)
    assert wire.carry(0.0, 96, 9600) is None
    assert wire.carry(10.0, 96, 9600) == pytest.approx(10.1)


def test_without_a_speed_bytes_take_no_time() -> None:
    assert Wire().carry(due_s=5.0, size_bytes=1_000_000, baud=None) == 5.0
