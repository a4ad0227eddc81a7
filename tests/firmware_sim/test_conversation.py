"""Devices that are polled, on real terminals, asked by the clients that people use."""

from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from tests.firmware_sim.child import Child, wait_until

Start = Callable[..., Child]


def scenario(folder: Path, link: Path, keys: str) -> str:
    path = folder / "scenario.toml"
    path.write_text(f'[[device]]\ntransport = "pty"\nname = "bus"\nlink = "{link}"\nboot_s = 0\nbanner = false\n{keys}')
    return str(path)


def connected(link: Path) -> ModbusSerialClient:
    client = ModbusSerialClient(str(link), baudrate=9600, timeout=1, retries=0)
    assert client.connect()
    return client


def ask_until_answered(client: ModbusSerialClient, unit: int) -> list[int]:
    """The first requests may fall into the time in which the device notices its client."""
    answers: list[list[int]] = []

    def answered() -> bool:
        try:
            response = client.read_input_registers(1, count=1, device_id=unit)
        except ModbusIOException:
            return False
        if not response.isError():
            answers.append(response.registers)
        return bool(answers)

    wait_until(answered, f"unit {unit} answers")
    return answers[0]


def test_pymodbus_reads_what_the_truth_says(start: Start, tmp_path: Path, link: Path) -> None:
    child = start("--scenario", scenario(tmp_path, link, 'format = "modbus-xy-md02"\nsensors = ["S1", "S2"]\n'))
    child.ready()
    client = connected(link)
    first = ask_until_answered(client, 1)
    second = client.read_input_registers(1, count=1, device_id=2).registers
    third = client.read_input_registers(1, count=2, device_id=1).registers
    refused = client.read_input_registers(9, count=1, device_id=1)
    client.close()
    child.stop()
    said = [(one["sensor_id"], round(one["celsius"] * 10)) for fact in child.truth() for one in fact["readings"]]
    assert said[-3:] == [("S1", first[0]), ("S2", second[0]), ("S1", third[0])]
    assert third[1] == 452
    assert refused.isError()
    assert refused.exception_code == 2


def test_a_dead_unit_leaves_the_others_alive(start: Start, tmp_path: Path, link: Path) -> None:
    keys = 'format = "modbus-xy-md02"\nsensors = ["S1", "S2"]\n[[device.fault]]\nkind = "silence"\nsensors = ["S2"]\n'
    child = start("--scenario", scenario(tmp_path, link, keys))
    child.ready()
    client = connected(link)
    ask_until_answered(client, 1)
    with pytest.raises(ModbusIOException):
        client.read_input_registers(1, count=1, device_id=2)
    client.close()
    client = connected(link)
    assert len(ask_until_answered(client, 1)) == 1
    client.close()
    child.stop()
    (silent,) = [fact for fact in child.truth() if fact.get("faults") == ["silence"]]
    assert (silent["text"], silent["readings"]) == ("", [])


def test_an_exception_and_a_wrong_checksum_are_what_the_client_makes_of_them(
    start: Start, tmp_path: Path, link: Path
) -> None:
    keys = (
        'format = "modbus-xy-md02"\n[[device.fault]]\nkind = "exception"\ncode = 6\nat_s = 1\n'
        '[[device.fault]]\nkind = "wrong-checksum"\nat_s = 2\n'
    )
    child = start("--scenario", scenario(tmp_path, link, keys))
    child.ready()
    client = connected(link)
    ask_until_answered(client, 1)
    busy = client.read_input_registers(1, count=1, device_id=1)
    assert busy.isError()
    assert busy.exception_code == 6
    with pytest.raises(ModbusIOException):
        client.read_input_registers(1, count=1, device_id=1)
    client.close()
    child.stop()
    assert [fact.get("faults") for fact in child.truth()[-2:]] == [["exception"], ["wrong-checksum"]]


def test_an_echo_comes_before_the_answer(start: Start, tmp_path: Path, link: Path) -> None:
    keys = 'format = "modbus-xy-md02"\n[[device.fault]]\nkind = "echo"\n'
    child = start("--scenario", scenario(tmp_path, link, keys))
    child.ready()
    with serial.Serial(str(link), 9600, timeout=0.2) as port:
        heard: list[bytes] = []

        def answered() -> bool:
            port.write(bytes.fromhex("010400010001600a"))
            heard.append(port.read(15))
            return len(heard[-1]) == 15

        wait_until(answered, "the device answers")
    assert heard[-1].startswith(bytes.fromhex("010400010001600a" + "010402"))


def test_a_dcon_module_is_asked_in_text(start: Start, tmp_path: Path, link: Path) -> None:
    child = start("--scenario", scenario(tmp_path, link, 'format = "adam"\npace = "client"\n'))
    child.ready()
    with serial.Serial(str(link), 9600, timeout=0.2) as port:
        answers: list[bytes] = []

        def answered() -> bool:
            port.write(b"#01\r")
            answers.append(port.read_until(b"\r"))
            return answers[-1].endswith(b"\r")

        wait_until(answered, "the module answers")
    wait_until(lambda: bool(child.truth()), "the truth is noted")
    child.stop()
    assert answers[-1].decode().removesuffix("\r") in child.emitted()
