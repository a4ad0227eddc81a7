"""Modbus over TCP: pymodbus's own server, and servers that do what a test wants."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gateway.errors import SourceLost
from gateway.model import Delivery
from gateway.sources.modbus_options import ModbusOptions
from gateway.sources.modbus_poll import ModbusSource
from tests.gateway.sources.modbus_unit import PATIENCE_S, XY_MD02, device


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
