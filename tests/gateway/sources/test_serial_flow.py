import pytest

from gateway.sources.serial_flow import Flow, tick_s


def flow_of(*reads: tuple[int, float]) -> Flow:
    flow = Flow(0.04)
    for received, at_s in reads:
        flow.note(received, at_s)
    return flow


def test_a_line_now_and_then_is_no_stream() -> None:
    assert not flow_of((20, 100.0), (20, 101.0), (20, 102.0)).streams


def test_the_pieces_of_one_line_are_no_stream() -> None:
    assert not flow_of((14, 100.0), (14, 100.001), (14, 100.002), (14, 100.003)).streams


def test_a_full_line_of_115200_baud_is_one_as_soon_as_a_window_has_passed() -> None:
    reads = [(57, 100 + place * 0.005) for place in range(20)]
    assert [flow_of(*reads[:count]).streams for count in (1, 8, 10)] == [False, False, True]
    assert flow_of(*reads, (460, 100.14), (460, 100.18)).streams


def test_a_stream_ends_when_nothing_comes_for_a_window() -> None:
    flow = flow_of((100, 100.0), (1000, 100.05))
    assert flow.streams
    flow.note(0, 100.1)
    assert not flow.streams


@pytest.mark.parametrize(("baudrate", "expected_s"), [(9_600, 0.04), (115_200, 0.04), (4_000_000, 0.00512)])
def test_between_two_reads_the_kernel_never_gets_more_than_half_full(baudrate: int, expected_s: float) -> None:
    assert tick_s(baudrate) == pytest.approx(expected_s)
