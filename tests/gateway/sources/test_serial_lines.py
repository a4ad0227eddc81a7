import asyncio
import os
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.decode import Device
from gateway.errors import SourceLost
from gateway.model import Reading
from gateway.sources.serial_lines import SerialSource

MOMENT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


@dataclass
class Pty:
    """A pseudo-terminal: the device's end, and the path that a gateway opens."""

    device: int
    held: int
    path: str

    def unplug(self) -> None:
        for fd in (self.device, self.held):
            os.close(fd)
        self.device = self.held = -1


@pytest.fixture
def pty() -> Iterator[Pty]:
    device, held = os.openpty()
    tty.setraw(held)
    made = Pty(device, held, os.ttyname(held))
    yield made
    if made.device >= 0:
        made.unplug()


def source(port: str, sensor_id: str | None = None) -> SerialSource:
    return SerialSource(port, 9600, Device(sensor_id=sensor_id), now=lambda: MOMENT)


def test_lines_become_readings_at_their_time_of_arrival(pty: Pty) -> None:
    async def scenario() -> tuple[Reading, ...]:
        async with source(pty.path).open() as deliveries:
            os.write(pty.device, b"half a line\nS1 70.25\r\nS2 71\r\n")
            return (await anext(deliveries)).readings

    assert asyncio.run(scenario()) == (Reading("S1", 70.25, MOMENT, "serial"), Reading("S2", 71.0, MOMENT, "serial"))


def test_a_bare_number_belongs_to_the_configured_sensor(pty: Pty) -> None:
    async def scenario() -> tuple[Reading, ...]:
        async with source(pty.path, "tungku-1").open() as deliveries:
            os.write(pty.device, b"\n70.25\n")
            return (await anext(deliveries)).readings

    assert asyncio.run(scenario()) == (Reading("tungku-1", 70.25, MOMENT, "serial"),)


def test_noise_is_rejected_with_reasons_and_the_next_reading_comes_out(pty: Pty) -> None:
    async def scenario() -> tuple[list[tuple[str, bytes]], list[float]]:
        reasons: list[tuple[str, bytes]] = []
        values: list[float] = []
        async with source(pty.path).open() as deliveries:
            os.write(pty.device, b"\n\xff\xfe\x80\n" + b"x" * 600 + b"\nHumidity 45\nS1 70.25\n")
            while not values:
                delivery = await anext(deliveries)
                reasons += [(rejected.reason, rejected.raw) for rejected in delivery.rejected]
                values += [reading.celsius for reading in delivery.readings]
        return reasons, values

    reasons, values = asyncio.run(scenario())
    assert sorted(reasons) == [
        ("no_temperature", b"Humidity 45"),
        ("not_text", b"\xff\xfe\x80"),
        ("overlong", b"x" * 600),
    ]
    assert values == [70.25]


def test_a_torn_line_never_becomes_a_reading_after_a_replug(pty: Pty) -> None:
    async def scenario() -> tuple[Reading, ...]:
        lines = source(pty.path)
        async with lines.open() as deliveries:
            os.write(pty.device, b"\nS1 70\nS1 12")
            await anext(deliveries)
        async with lines.open() as deliveries:
            os.write(pty.device, b"3.5\nS1 71\n")
            return (await anext(deliveries)).readings

    assert asyncio.run(scenario()) == (Reading("S1", 71.0, MOMENT, "serial"),)


def test_of_a_port_that_streams_nothing_is_lost_nor_its_end_missed(pty: Pty) -> None:
    text = b"\n" + b"".join(b"S1 %.1f\r\n" % (number / 10) for number in range(5_000))

    def stream() -> None:
        sent = 0
        while sent < len(text):
            sent += os.write(pty.device, text[sent : sent + 500])  # waits while the terminal is full

    async def scenario() -> list[float]:
        values: list[float] = []
        async with asyncio.timeout(30), source(pty.path).open() as deliveries:
            sending = asyncio.create_task(asyncio.to_thread(stream))
            while len(values) < 5_000:
                values += [reading.celsius for reading in (await anext(deliveries)).readings]
            await sending
            pty.unplug()
            with pytest.raises(SourceLost, match="gone"):
                await anext(deliveries)
        return values

    assert asyncio.run(scenario()) == [number / 10 for number in range(5_000)]


def test_unplugging_is_source_lost_and_so_is_opening_what_is_gone(pty: Pty) -> None:
    async def scenario() -> None:
        async with source(pty.path).open() as deliveries:
            pty.unplug()
            with pytest.raises(SourceLost, match="gone"):
                await anext(deliveries)
        with pytest.raises(SourceLost, match="is not there"):
            async with source(pty.path).open():
                pass

    asyncio.run(scenario())


def test_a_port_in_use_is_said(pty: Pty) -> None:
    async def scenario() -> None:
        async with source(pty.path).open():
            with pytest.raises(SourceLost, match="in use by another program"):
                async with source(pty.path).open():
                    pass

    asyncio.run(scenario())


def test_what_is_no_serial_port_is_said(tmp_path: Path) -> None:
    async def scenario(port: str) -> None:
        async with source(port).open():
            pass

    (tmp_path / "file").write_text("")
    with pytest.raises(SourceLost, match="is no serial port"):
        asyncio.run(scenario(str(tmp_path / "file")))
    with pytest.raises(SourceLost, match="not known"):
        asyncio.run(scenario("carrier-pigeon://1"))


def test_a_serial_server_is_read_through_a_socket_url() -> None:
    async def scenario() -> tuple[Reading, ...]:
        read = asyncio.Event()

        async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while not read.is_set():  # pyserial throws away what arrives while it opens
                writer.write(b"\nS1 70.25\n")
                await asyncio.sleep(0.02)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, source(f"socket://127.0.0.1:{port}").open() as deliveries:
            first = await anext(deliveries)
            read.set()
            with pytest.raises(SourceLost, match="gone"):
                async for _ in deliveries:
                    pass
            return first.readings[:1]

    assert asyncio.run(scenario()) == (Reading("S1", 70.25, MOMENT, "serial"),)


def test_a_url_without_a_file_descriptor_is_read_too() -> None:
    # loop:// gives back what is written to it; nothing writes here, so it is silent until it is cancelled.
    async def scenario() -> None:
        async with source("loop://").open() as deliveries:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await anext(deliveries)

    asyncio.run(scenario())
