import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.framing import LineFramer


def started() -> LineFramer:
    framer = LineFramer()
    framer.feed(b"\n")
    return framer


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n", b"\n\r"])
def test_every_line_end_that_devices_use_ends_a_line(end: bytes) -> None:
    assert started().feed(b"S1 70.25" + end + b"S2 71.5" + end) == [b"S1 70.25", b"S2 71.5"]


def test_the_rest_of_a_line_that_began_before_we_listened_is_dropped() -> None:
    framer = LineFramer()
    assert framer.feed(b"3.5\nT=2") == []
    assert framer.feed(b"4.5\n") == [b"T=24.5"]


def test_a_half_line_waits_for_its_end() -> None:
    framer = started()
    assert framer.feed(b"S1 7") == []
    assert framer.feed(b"0.25") == []
    assert framer.feed(b"\r") == [b"S1 70.25"]


def test_reset_forgets_the_half_line() -> None:
    framer = started()
    framer.feed(b"S1 7")
    framer.reset()
    assert framer.feed(b"0.25\nS1 71\n") == [b"S1 71"]


def test_a_line_without_an_end_is_dropped_and_counted_once() -> None:
    framer = started()
    for _ in range(1000):
        assert framer.feed(b"x" * 100) == []
    assert framer.feed(b"tail\nS1 70\n") == [b"S1 70"]
    assert framer.overlong_total == 1


def test_an_overlong_line_that_arrives_whole_is_dropped_and_counted() -> None:
    framer = started()
    assert framer.feed(b"y" * 513 + b"\nS1 70\n") == [b"S1 70"]
    assert framer.overlong_total == 1
    assert framer.overlong == [b"y" * 513]


def test_what_has_come_of_an_overlong_line_is_told_once() -> None:
    framer = started()
    framer.feed(b"x" * 500)
    assert framer.overlong == []
    framer.feed(b"y" * 100)
    assert framer.overlong == [b"x" * 500 + b"y" * 100]
    framer.feed(b"z" * 600 + b"\nS1 70\n")
    assert framer.overlong == []


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(1, 7), min_size=1))
def test_chunk_borders_change_nothing(lines: list[bytes], sizes: list[int]) -> None:
    stream = b"\n" + b"".join(line.replace(b"\r", b"").replace(b"\n", b"") + b"\n" for line in lines)
    whole = LineFramer().feed(stream)
    framer = LineFramer()
    pieces: list[bytes] = []
    position = turn = 0
    while position < len(stream):
        size = sizes[turn % len(sizes)]
        pieces += framer.feed(stream[position : position + size])
        position += size
        turn += 1
    assert pieces == whole


def test_a_terminator_of_the_device_ends_frames_in_place_of_line_ends() -> None:
    framer = LineFramer(terminator=b"<")
    assert framer.feed(b"half<a\r\nb<c") == [b"a\r\nb"]
    assert framer.feed(b"d<") == [b"cd"]


def test_a_terminator_of_two_characters_may_arrive_in_two_pieces() -> None:
    framer = LineFramer(terminator=b"<>", max_bytes=4)
    assert framer.feed(b"half<") == []
    assert framer.feed(b">a<b<>c<") == [b"a<b"]
    assert framer.feed(b">too long<") == [b"c"]
    assert framer.feed(b">d<>") == [b"d"]
    assert framer.overlong_total == 1
