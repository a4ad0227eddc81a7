"""Modbus devices on a real terminal, as the device simulator plays them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.errors import SourceLost
from gateway.model import Reading, Rejected
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.modbus_poll import ModbusSource
from tests.firmware_sim.child import Child
from tests.gateway.sources.modbus_unit import PATIENCE_S, device


class Heard:
    """What a source has said, however often it had to be opened."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.rejected: list[Rejected] = []
        self.lost: list[str] = []
        self.opened = 0

    def of(self, sensor_id: str) -> list[float]:
        return [one.celsius for one in self.readings if one.sensor_id == sensor_id]

    @property
    def reasons(self) -> Counter[str]:
        return Counter(one.reason for one in self.rejected)


def listen(options: dict[str, Any], enough: Callable[[Heard], bool]) -> Heard:
    """Keep the source open until it has said enough."""
    heard = Heard()
    source = ModbusSource(ModbusOptions.model_validate(options))

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not enough(heard):
                try:
                    async with source.open() as deliveries:
                        heard.opened += 1
                        async for delivery in deliveries:
                            heard.readings += delivery.readings
                            heard.rejected += delivery.rejected
                            if enough(heard):
                                break
                except SourceLost as exc:
                    heard.lost.append(str(exc))
                    await asyncio.sleep(0.02)

    asyncio.run(run())
    return heard


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "usb-Suhu_RS485-if00"


@pytest.fixture
def play(tmp_path: Path, link: Path) -> Iterator[Callable[[str], Child]]:
    """Put a bus with these keys on the terminal."""
    children: list[Child] = []

    def started(keys: str) -> Child:
        path = tmp_path / "scenario.toml"
        head = f'[[device]]\ntransport = "pty"\nname = "bus"\nlink = "{link}"\nboot_s = 0\nbanner = false\n'
        path.write_text(head + keys)
        children.append(Child(tmp_path, "--scenario", str(path)))
        children[-1].ready()
        return children[-1]

    yield started
    for child in children:
        if child.process.poll() is None:
            child.kill()


def said(child: Child, sensor: str) -> list[float]:
    """What the simulator says must come out, or may because the answer is whole inside of noise."""
    child.stop()
    whole = [
        one
        for fact in child.truth()
        for one in fact["readings"] + (fact["allowed"] if fact.get("faults") == ["noise"] else [])
    ]
    return [round(one["celsius"], 2) for one in whole if one["sensor_id"] == sensor]


def in_order(some: list[float], of_all: list[float]) -> bool:
    rest = iter(of_all)
    return all(one in rest for one in some)


def test_two_units_on_one_line_are_read_while_a_third_is_dead(play: Callable[[str], Child], link: Path) -> None:
    child = play('format = "modbus-xy-md02"\nsensors = ["S1", "S2"]\n')
    devices = [device("oven", 1), device("mati", 9, timeout_s=0.05), device("pompa", 2)]

    def enough(heard: Heard) -> bool:
        return len(heard.of("oven/suhu")) >= 20 and len(heard.of("pompa/suhu")) >= 20 and heard.reasons["no_answer"] > 4

    with structlog.testing.capture_logs() as logs:
        heard = listen({"port": str(link), "devices": devices}, enough)
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))
    assert in_order(heard.of("pompa/suhu"), said(child, "S2"))
    assert {one.source for one in heard.readings} == {"serial"}
    assert "mati: unit 9 gives no answer within 0.05 s" in {one.detail for one in heard.rejected}
    assert (heard.opened, heard.lost) == (1, [])
    assert [(one["event"], one["device"]) for one in logs] == [("modbus_device_silent", "mati")]


def test_an_echo_of_the_request_is_passed_over(play: Callable[[str], Child], link: Path) -> None:
    child = play('format = "modbus-xy-md02"\nsensors = ["S1"]\n[[device.fault]]\nkind = "echo"\n')
    heard = listen({"port": str(link), "devices": [device("oven")]}, lambda heard: len(heard.readings) >= 10)
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))
    assert set(heard.reasons) <= {"no_answer"}  # while the device notices its client
    assert {fact["faults"][0] for fact in child.truth() if fact["readings"]} == {"echo"}


def test_bytes_that_trickle_after_an_echo_are_put_together(play: Callable[[str], Child], link: Path) -> None:
    keys = '[[device.fault]]\nkind = "echo"\n[[device.fault]]\nkind = "slow-trickle"\ngap_s = 0.005\n'
    child = play(f'format = "modbus-xy-md02"\nsensors = ["S1"]\n{keys}')
    heard = listen({"port": str(link), "devices": [device("oven")]}, lambda heard: len(heard.readings) >= 5)
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))


def test_exceptions_and_wrong_checksums_are_counted_and_the_next_answer_counts(
    play: Callable[[str], Child], link: Path
) -> None:
    child = play(
        'format = "modbus-xy-md02"\nsensors = ["S1"]\n'
        '[[device.fault]]\nkind = "exception"\ncode = 6\nat_s = 3\n'
        '[[device.fault]]\nkind = "wrong-checksum"\nat_s = 5\n'
        '[[device.fault]]\nkind = "noise"\nsize_bytes = 20\nat_s = 7\n'
    )
    devices = [device("oven", timeout_s=0.5)]
    heard = listen({"port": str(link), "devices": devices}, lambda heard: len(heard.readings) >= 10)
    assert heard.reasons["exception"] == 1
    assert heard.reasons["bad_checksum"] == 1
    details = {one.reason: one.detail for one in heard.rejected}
    assert details["exception"] == "oven: the device answers: device busy (06)"
    assert details["bad_checksum"] == "oven: the CRC of an answer does not fit"
    assert all(one.raw for one in heard.rejected if one.reason in {"exception", "bad_checksum"})
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))


def test_a_register_that_is_not_there_is_an_exception_with_its_name(play: Callable[[str], Child], link: Path) -> None:
    play('format = "modbus-xy-md02"\nsensors = ["S1"]\n')
    wrong = device("oven", fields=[{"id": "suhu", "reg": 77}])
    heard = listen({"port": str(link), "devices": [wrong]}, lambda heard: heard.reasons["exception"] >= 5)
    assert "oven: the device answers: illegal data address (02)" in {one.detail for one in heard.rejected}
    assert (heard.readings, heard.lost) == ([], [])  # it answers, so it is not silent


def test_an_adapter_that_is_unplugged_is_lost_and_read_again_when_it_is_back(
    play: Callable[[str], Child], link: Path
) -> None:
    child = play(
        'format = "modbus-xy-md02"\nsensors = ["S1"]\n[[device.fault]]\nkind = "unplug"\nat_s = 5\nfor_s = 0.5\n'
    )
    heard = listen({"port": str(link), "devices": [device("oven")]}, lambda heard: len(heard.readings) >= 12)
    assert heard.opened == 2
    assert set(heard.lost) == {
        f"{link}: the device is gone",
        f"{link} is not there: plug the device in, or correct the port (`gateway ports` lists what is there)",
    }
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))


def test_a_bus_on_which_nobody_answers_is_lost_until_somebody_does(play: Callable[[str], Child], link: Path) -> None:
    child = play(
        'format = "modbus-xy-md02"\nsensors = ["S1"]\n[[device.fault]]\nkind = "silence"\nat_s = 3\nfor_s = 8\n'
    )
    devices = [device("oven", timeout_s=0.3)]
    heard = listen({"port": str(link), "devices": devices}, lambda heard: len(heard.readings) >= 10)
    assert heard.opened == 2
    assert len(heard.lost) > 1
    assert set(heard.lost) == {
        f"modbus {link}: no device answers: check wiring, power, baudrate, parity and unit_id",
    }
    assert in_order(heard.of("oven/suhu"), said(child, "S1"))


def test_an_open_input_is_a_sentinel_and_its_neighbour_counts(play: Callable[[str], Child], link: Path) -> None:
    child = play('format = "modbus-r4dcb08"\n[[device.fault]]\nkind = "sentinel"\nsensors = ["ch2"]\n')
    fields = [{"id": "ch1", "reg": 0, "scale": 0.1}, {"id": "ch2", "reg": 1, "scale": 0.1}]
    devices = [device("blok", function=3, fields=fields)]
    heard = listen({"port": str(link), "devices": devices}, lambda heard: len(heard.readings) >= 5)
    assert {one.sensor_id for one in heard.readings} == {"blok/ch1"}
    assert in_order(heard.of("blok/ch1"), said(child, "ch1"))
    assert heard.reasons["sentinel"] >= 4


def test_a_value_whose_status_is_bad_is_refused(play: Callable[[str], Child], link: Path) -> None:
    play('format = "modbus-qfa"\n[[device.fault]]\nkind = "sentinel"\n')
    fields = [{"id": "suhu", "reg": 0, "scale": 0.01, "status_reg": 1}]
    devices = [device("ruang", function=3, fields=fields)]
    heard = listen({"port": str(link), "devices": devices}, lambda heard: heard.reasons["bad_quality"] >= 3)
    assert heard.readings == []


def test_floats_with_the_low_word_first(play: Callable[[str], Child], link: Path) -> None:
    child = play('format = "modbus-float-swapped"\nsensors = ["S1"]\n')
    fields = [{"id": "suhu", "reg": 0, "type": "float32", "word_order": "little"}]
    heard = listen(
        {"port": str(link), "devices": [device("tangki", fields=fields)]}, lambda heard: len(heard.readings) > 4
    )
    assert in_order([round(one, 2) for one in heard.of("tangki/suhu")], said(child, "S1"))


def test_a_port_that_another_program_holds_is_told(play: Callable[[str], Child], link: Path) -> None:
    play('format = "modbus-xy-md02"\nsensors = ["S1"]\n')
    first = ModbusSource(ModbusOptions.model_validate({"port": str(link), "devices": [device("oven")]}))
    second = ModbusSource(ModbusOptions.model_validate({"port": str(link), "devices": [device("oven")]}))

    async def both() -> None:
        async with first.open():
            with pytest.raises(SourceLost, match="is in use by another program: stop that one first"):
                async with second.open():
                    pass

    asyncio.run(both())


def test_a_port_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    path.write_text("")
    for port, words in ((path, "is no serial port: correct the port"), (tmp_path / "none", "is not there")):
        source = ModbusSource(ModbusOptions.model_validate({"port": str(port), "devices": [device("oven")]}))

        async def opened(source: ModbusSource = source) -> None:
            async with source.open():
                pass

        with pytest.raises(SourceLost, match=words):
            asyncio.run(opened())
