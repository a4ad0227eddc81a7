import pytest

from firmware_sim.uart import as_heard

LINE = bytes(range(256)) + b"S1 65.27\r\n"


def test_ends_that_agree_lose_nothing() -> None:
    assert as_heard(LINE, 9600, 9600) == LINE


@pytest.mark.parametrize("heard_baud", [9408, 9792])
def test_two_percent_off_is_within_tolerance(heard_baud: int) -> None:
    assert as_heard(LINE, 9600, heard_baud) == LINE


def test_half_the_speed_swallows_bits() -> None:
    # nine low bits of the sender are the start bit and three data bits of a receiver that samples every second one
    assert as_heard(b"\x00", 9600, 4800) == b"\xf8"


def test_twice_the_speed_ends_in_a_framing_error() -> None:
    # 0x55 is 0101010101 on the line; the receiver takes its stop bit in the middle of a low one, then starts anew
    assert as_heard(b"U", 9600, 19_200)[:1] == b"\x00"


def test_garbage_is_not_the_line() -> None:
    assert b"65" not in as_heard(b"S1 65.27\r\n" * 50, 9600, 115_200)


def test_nothing_sent_is_nothing_heard() -> None:
    assert as_heard(b"", 9600, 4800) == b""
