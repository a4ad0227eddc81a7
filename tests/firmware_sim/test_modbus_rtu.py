from typing import Any

import pytest

from firmware_sim.checksums import modbus_crc
from firmware_sim.device import TcpDevice
from firmware_sim.frame import Frame, Reading
from firmware_sim.modbus_rtu import ModbusBus


def bus(family: str = "modbus-xy-md02", **keys: Any) -> ModbusBus:
    device = TcpDevice.model_validate({"transport": "tcp", "name": "bus-1", "format": family} | keys)
    return ModbusBus(device, seed=1)


def ask(subject: ModbusBus, hex_without_crc: str) -> Frame | None:
    request = bytes.fromhex(hex_without_crc)
    return next(subject.answers(request + modbus_crc(request)), None)


def registers(frame: Frame | None) -> list[int]:
    assert frame is not None
    assert modbus_crc(frame.data[:-2]) == frame.data[-2:]
    words = frame.data[3:-2]
    return [int.from_bytes(words[at : at + 2]) for at in range(0, len(words), 2)]


def test_the_request_of_the_data_sheet_is_answered_in_tenths() -> None:
    (frame,) = bus().answers(bytes.fromhex("010400010001600a"))
    assert frame.data[:3] == b"\x01\x04\x02"
    assert registers(frame) == [655]
    assert frame.readings == (Reading("S1", 65.5),)
    assert frame.request == bytes.fromhex("010400010001600a")


def test_the_same_questions_get_the_same_answers_and_each_the_next_reading() -> None:
    one, other = bus(), bus()
    first = [registers(ask(one, "010400010001")) for _ in range(5)]
    assert first == [registers(ask(other, "010400010001")) for _ in range(5)]
    assert len({tuple(words) for words in first}) > 1


def test_humidity_stands_beside_the_temperature() -> None:
    assert registers(ask(bus(), "010400010002"))[1] == 452


def test_only_registers_that_were_asked_for_are_readings() -> None:
    frame = ask(bus(), "010400020001")
    assert registers(frame) == [452]
    assert frame is not None
    assert frame.readings == ()


def test_each_sensor_is_a_unit_of_its_own() -> None:
    two = bus(sensors=["S1", "S2"])
    answers = [ask(two, "010400010001"), ask(two, "020400010001")]
    assert [frame.data[0] for frame in answers if frame] == [1, 2]
    assert [frame.readings[0].sensor_id for frame in answers if frame] == ["S1", "S2"]
    assert ask(two, "030400010001") is None


def test_several_probes_share_a_unit_and_a_missing_one_is_0x8000() -> None:
    two = bus("modbus-r4dcb08", fault=[{"kind": "sentinel", "sensors": ["ch2"]}])
    frame = ask(two, "010300000002")
    assert registers(frame)[1] == 0x8000
    assert frame is not None
    assert [reading.sensor_id for reading in frame.readings] == ["ch1"]
    assert frame.faults == ("sentinel",)


def test_below_zero_is_twos_complement() -> None:
    cold = bus(curve="cooling", fault=[{"kind": "drift", "celsius_per_s": -200.0}])
    ask(cold, "010400010001")
    frame = ask(cold, "010400010001")
    assert frame is not None
    assert frame.readings[0].celsius == -40.0
    assert registers(frame) == [0xFE70]


def test_a_float_with_the_low_word_first() -> None:
    frame = ask(bus("modbus-float-swapped"), "010400000002")
    low, high = registers(frame)
    assert high == 0x4282  # 65.48 as a 32-bit float is 4282F5C3
    assert frame is not None
    assert frame.readings == (Reading("S1", 65.48),)
    assert low == 0xF5C3


def test_a_probe_that_cannot_be_relied_on_says_so_in_its_status() -> None:
    assert registers(ask(bus("modbus-qfa"), "010300000002"))[1] == 0
    frame = ask(bus("modbus-qfa", fault=[{"kind": "sentinel"}]), "010300000002")
    assert registers(frame) == [2315, 1]
    assert frame is not None
    assert frame.readings == ()


@pytest.mark.parametrize(
    ("request_hex", "answer_hex"),
    [
        ("010300010001", "018301"),  # not its function
        ("010600010001", "018601"),  # nothing can be written
        ("010400090001", "018402"),  # no such register
        ("010400010000", "018403"),  # none at all
        ("01040001007e", "018403"),  # more than a frame can hold
    ],
)
def test_what_cannot_be_answered_gets_an_exception(request_hex: str, answer_hex: str) -> None:
    frame = ask(bus(), request_hex)
    assert frame is not None
    assert frame.data[:-2].hex() == answer_hex
    assert modbus_crc(frame.data[:-2]) == frame.data[-2:]
    assert frame.readings == ()


def test_a_damaged_request_is_slept_through_and_the_next_one_heard() -> None:
    assert list(bus().answers(bytes.fromhex("010400010001600b"))) == []
    (frame,) = bus().answers(bytes.fromhex("ff0104" + "010400010001600a"))
    assert registers(frame) == [655]


def test_a_request_in_pieces_is_put_together() -> None:
    subject = bus()
    assert [len(list(subject.answers(bytes([byte])))) for byte in bytes.fromhex("010400010001600a")] == [0] * 7 + [1]
