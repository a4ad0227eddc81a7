import pytest

from gateway.decode.device import Device, Register
from gateway.decode.modbus_rtu import exception, whole_answer, whole_tcp_answer

XY_MD02 = Device(unit_id=1, function=4, start=1, count=1, fields=[Register(id="t", reg=1, scale=0.1)])
ANSWER = bytes.fromhex("01040201317974")
BUSY = bytes.fromhex("018402c2c1")


@pytest.mark.parametrize(
    "heard",
    [
        ANSWER,
        bytes.fromhex("010400010001600a") + ANSWER,  # an echo
        bytes.fromhex("ff00") + ANSWER + bytes.fromhex("0104"),
        bytes.fromhex("02040201313d74") + ANSWER,  # another unit
        bytes.fromhex("01040201317975") + ANSWER,  # its CRC is wrong
        ANSWER + bytes.fromhex("01040200d8b8aa"),
    ],
)
def test_the_first_whole_answer_is_found_among_other_bytes(heard: bytes) -> None:
    assert whole_answer(heard, XY_MD02) == ANSWER


def test_an_exception_is_an_answer() -> None:
    assert whole_answer(bytes.fromhex("010400010001600a") + BUSY, XY_MD02) == BUSY
    assert exception(2, BUSY).detail == "the device answers: illegal data address (02)"
    assert exception(99, b"").detail == "the device answers: unknown exception (99)"


def test_a_part_of_an_answer_is_none() -> None:
    assert [whole_answer(ANSWER[:length], XY_MD02) for length in range(7)] == [None] * 7


REQUEST = bytes.fromhex("000700000006 01 04 0001 0001")
OVER_TCP = bytes.fromhex("000700000005 01 04 02 0131")


@pytest.mark.parametrize(
    "heard",
    [OVER_TCP, bytes.fromhex("000600000005 01 04 02 00d8") + OVER_TCP, OVER_TCP + bytes.fromhex("0008")],
)
def test_the_answer_over_tcp_is_the_one_with_the_number_of_the_request(heard: bytes) -> None:
    assert whole_tcp_answer(heard, REQUEST, XY_MD02) == OVER_TCP


def test_an_exception_over_tcp_is_an_answer() -> None:
    frame = bytes.fromhex("000700000003 01 84 0b")
    assert whole_tcp_answer(frame, REQUEST, XY_MD02) == frame


@pytest.mark.parametrize(
    "heard",
    [
        OVER_TCP[:-1],
        bytes.fromhex("000700000005 02 04 02 0131"),  # another unit
        bytes.fromhex("000700000005 01 03 02 0131"),  # another function
        bytes.fromhex("000700000007 01 04 04 0131 0132"),  # more registers than were asked for
        bytes.fromhex("000700000006 01 04 02 0131 00"),  # longer than it says
        bytes.fromhex("000700010005 01 04 02 0131"),  # another protocol
        bytes(300),
    ],
)
def test_nothing_else_over_tcp_is_one(heard: bytes) -> None:
    assert whole_tcp_answer(heard, REQUEST, XY_MD02) is None
