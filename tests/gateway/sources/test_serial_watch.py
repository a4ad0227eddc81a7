import pytest

from gateway.sources.serial_watch import Legibility, Silence

GARBLED = bytes.fromhex("9e6600f818e07e86e6e600fe9e98") * 8  # of a line at 9,600 baud, heard at 115,200


def judged(*chunks: tuple[float, bytes]) -> list[bool]:
    legibility = Legibility()
    return [legibility.is_noise(chunk, now_s) for now_s, chunk in chunks]


def test_bytes_that_are_no_text_for_long_enough_are_noise_and_it_is_told_once() -> None:
    assert judged((0.0, GARBLED), (4.9, GARBLED), (5.0, GARBLED), (6.0, GARBLED)) == [False, False, True, False]


def test_a_loader_that_speaks_at_another_speed_before_the_text_is_no_wrong_baudrate() -> None:
    assert judged((0.0, GARBLED), (0.5, b"\r\nS1 70.25\r\n"), (9.0, GARBLED), (20.0, GARBLED)) == [False] * 4


def test_a_line_that_arrives_in_pieces_is_text() -> None:
    assert judged((0.0, GARBLED + b"\nT=7"), (1.0, b"0.2"), (2.0, b"C\n"), (9.0, GARBLED)) == [False] * 4


@pytest.mark.parametrize(
    "chunk",
    [b"\xb0C " * 20 + b"21 22 23 24", b"70.25;" * 30, b"\xff" * 10],
    ids=["degree signs", "no line end", "few bytes"],
)
def test_text_without_line_ends_and_little_noise_prove_nothing(chunk: bytes) -> None:
    assert judged((0.0, chunk), (30.0, b"7")) == [False, False]


def test_a_silence_is_told_once_and_its_end_once() -> None:
    silence = Silence(60.0)
    silence.opened(100.0)
    assert [silence.has_begun(now_s) for now_s in (159.9, 160.0, 300.0)] == [False, True, False]
    assert [silence.is_over(now_s) for now_s in (301.0, 302.0)] == [True, False]
    assert silence.due_s == 362.0
    assert [silence.has_begun(now_s) for now_s in (361.9, 362.0)] == [False, True]


def test_a_silence_that_was_told_lasts_over_openings() -> None:
    silence = Silence(60.0)
    silence.opened(0.0)
    assert silence.has_begun(60.0)
    silence.opened(70.0)
    assert not silence.has_begun(200.0)
    assert silence.is_over(201.0)


def test_zero_tells_of_no_silence() -> None:
    silence = Silence(0.0)
    silence.opened(0.0)
    assert not silence.has_begun(1e9)
