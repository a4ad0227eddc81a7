"""Modbus devices on a real terminal, as the device simulator plays them, and behind a server of pymodbus."""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gateway.errors import SourceLost
from gateway.model import Delivery, Reading, Rejected
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.modbus_poll import ModbusSource
from tests.firmware_sim.child import Child

PATIENCE_S = 60
XY_MD02 = {"id": "suhu", "reg": 1, "scale": 0.1}


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


def device(name: str, unit_id: int = 1, **keys: Any) -> dict[str, Any]:
    given = {"fields": [XY_MD02], "interval_s": 0.02, "timeout_s": 1.0} | keys
    return {"name": name, "unit_id": unit_id, **given}


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
        f"{link} is not there: plug the device in, or correct the port",
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


@asynccontextmanager
async def server(*units: SimDevice) -> AsyncIterator[tuple[ModbusTcpServer, int]]:
    """pymodbus's own server, on a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serving = ModbusTcpServer(list(units), address=("127.0.0.1", port), ignore_missing_devices=True)
    await serving.serve_forever(background=True)
    try:
        yield serving, port
    finally:
        await serving.shutdown()


@asynccontextmanager
async def listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """A server of whatever a test wants; its port."""
    tasks: set[asyncio.Task[Any] | None] = set()

    async def handled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()

    listener = await asyncio.start_server(handled, "127.0.0.1", 0)
    yield listener.sockets[0].getsockname()[1]
    listener.close()
    await asyncio.wait_for(asyncio.gather(*filter(None, tasks)), PATIENCE_S)


def unit(number: int, *registers: int) -> SimDevice:
    return SimDevice(number, simdata=[SimData(0, values=list(registers), datatype=DataType.REGISTERS)])


def over_tcp(port: int, *devices: dict[str, Any]) -> ModbusSource:
    return ModbusSource(ModbusOptions.model_validate({"host": "127.0.0.1", "port": port, "devices": list(devices)}))


def test_units_behind_a_tcp_server_are_read_with_signs_word_order_and_units() -> None:
    # 0xFF38 is -200; 0x00012345 as low word, high word; 1760 tenths of °F; 62.5 as a float.
    registers = [
        {"id": "dingin", "reg": 0, "scale": 0.1},
        {"id": "besar", "reg": 1, "type": "int32", "word_order": "little", "scale": 0.001},
        {"id": "luar", "reg": 3, "type": "uint16", "unit": "F", "scale": 0.1},
        {"id": "kepala", "reg": 4, "type": "float32", "offset": -2.5},
    ]

    async def scenario() -> dict[str, float]:
        async with server(unit(1, 0xFF38, 0x2345, 0x0001, 1760, 0x427A, 0x0000), unit(7, 305)) as (_, port):
            devices = [device("plc", fields=registers), device("meja", 7, fields=[{"id": "t", "reg": 0, "scale": 0.1}])]
            async with asyncio.timeout(PATIENCE_S), over_tcp(port, *devices).open() as deliveries:
                first, second = await anext(deliveries), await anext(deliveries)
            assert (first.rejected, second.rejected) == ((), ())
            return {one.sensor_id: one.celsius for one in (*first.readings, *second.readings)}

    assert asyncio.run(scenario()) == {
        "plc/dingin": -20.0, "plc/besar": 74.565, "plc/luar": 80.0, "plc/kepala": 60.0, "meja/t": 30.5,
    }  # fmt: skip


@pytest.mark.parametrize("code", [None, 11])
def test_a_dead_unit_behind_a_tcp_server_is_silent_whether_or_not_the_server_says_so(code: int | None) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await reader.readexactly(12)
            if request[6] == 1:
                writer.write(request[:4] + bytes((0, 5, 1, 4, 2)) + (305).to_bytes(2))
            elif code is not None:
                writer.write(request[:4] + bytes((0, 3, request[6], 0x84, code)))

    async def scenario() -> tuple[int, set[tuple[str, str]]]:
        read, rejected = 0, set()
        devices = [device("plc", fields=[{**XY_MD02, "reg": 0}]), device("mati", 9, timeout_s=0.05)]
        async with listening(serve) as port, asyncio.timeout(PATIENCE_S), over_tcp(port, *devices).open() as deliveries:
            for _ in range(40):
                delivery = await anext(deliveries)
                read += len(delivery.readings)
                rejected |= {(one.reason, one.detail) for one in delivery.rejected}
        return read, rejected

    with structlog.testing.capture_logs() as logs:
        read, rejected = asyncio.run(scenario())
    assert read > 20
    assert [(one["event"], one["device"]) for one in logs] == [("modbus_device_silent", "mati")]
    assert rejected == {
        ("exception", "mati: the device answers: gateway target silent (11)")
        if code
        else ("no_answer", "mati: unit 9 gives no answer within 0.05 s")
    }


def test_a_register_that_the_server_does_not_have_is_an_exception() -> None:
    async def scenario() -> Delivery:
        async with server(unit(1, 305)) as (_, port):
            wrong = device("plc", fields=[{"id": "t", "reg": 50}])
            async with asyncio.timeout(PATIENCE_S), over_tcp(port, wrong).open() as deliveries:
                return await anext(deliveries)

    (rejected,) = asyncio.run(scenario()).rejected
    assert (rejected.reason, rejected.detail) == ("exception", "plc: the device answers: illegal data address (02)")


def test_a_server_that_is_not_there_is_told_with_cause_and_place() -> None:
    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(SourceLost, match=rf"127\.0\.0\.1:{port}: .*: check address, network and server"):
            async with over_tcp(port, device("plc")).open():
                pass

    asyncio.run(scenario())


def test_a_late_answer_is_not_taken_for_the_next_one() -> None:
    # A unit that answers each question only when the next one has been asked; 1.0 °C is the answer to the first.
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        late = b""
        for number in itertools.count(10, 10):
            request = await reader.readexactly(12)
            answer = request[:4] + bytes((0, 5)) + request[6:8] + bytes((2,)) + number.to_bytes(2)
            writer.write(late + answer if number == 20 else late)
            late = answer

    async def scenario() -> list[float]:
        plc = device("plc", fields=[{"id": "t", "reg": 0, "scale": 0.1}], timeout_s=0.2)
        async with listening(serve) as port, asyncio.timeout(PATIENCE_S), over_tcp(port, plc).open() as deliveries:
            heard = [await anext(deliveries), await anext(deliveries)]
        return [one.celsius for delivery in heard for one in delivery.readings]

    assert asyncio.run(scenario()) == [2.0]


@pytest.mark.parametrize(
    "answer",
    [
        bytes.fromhex("000100000003012b0e"),  # another function
        bytes.fromhex("0001000000050104020131") + bytes(4),  # right, and something behind it
        bytes.fromhex("00010000000501040401310000"),  # more registers than were asked for
        bytes.fromhex("00010005000501040201310000"),  # no Modbus
        bytes.fromhex("ffffffffffffffff"),
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(9000),
    ],
)
def test_whatever_a_server_sends_no_wrong_number_and_no_trace_come_of_it(
    answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readexactly(12)
            writer.write(answer)

    async def scenario() -> Delivery:
        plc = device("plc", fields=[{"id": "t", "reg": 0, "scale": 0.1}], timeout_s=0.2)
        async with listening(serve) as port, asyncio.timeout(PATIENCE_S), over_tcp(port, plc).open() as deliveries:
            return await anext(deliveries)

    delivery = asyncio.run(scenario())
    assert [one.celsius for one in delivery.readings] in ([], [30.5])
    assert len(delivery.readings) + len(delivery.rejected) > 0
    assert caplog.records == []
