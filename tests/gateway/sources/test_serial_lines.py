import asyncio
import os
import subprocess
import sys
import tty
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog

from gateway.errors import SourceLost
from gateway.model import Reading
from gateway.sources.serial_lines import SerialSource
from gateway.sources.serial_options import SerialOptions

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


@pytest.fixture
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


def source(port: str, sensor_id: str | None = None) -> SerialSource:
    return SerialSource(SerialOptions(port=port, sensor_id=sensor_id), now=lambda: MOMENT)


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


def test_the_program_that_has_the_port_is_named_with_its_pid(pty: Pty) -> None:
    program = "import fcntl,sys; f=open(sys.argv[1],'rb+',0); fcntl.flock(f,fcntl.LOCK_EX); print(flush=True); input()"

    async def scenario() -> None:
        async with source(pty.path).open():
            pass

    with subprocess.Popen(
        [sys.executable, "-c", program, pty.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(SourceLost, match=rf"in use by .*python.* \(PID {process.pid}\)"):
            asyncio.run(scenario())
        process.kill()


def test_what_a_device_says_while_it_boots_is_dropped(pty: Pty) -> None:
    looks: list[float] = []  # at the clock: one for each chunk
    now_s = 0.0

    def monotonic() -> float:
        looks.append(now_s)
        return now_s

    async def scenario() -> tuple[Reading, ...]:
        nonlocal now_s
        booting = SerialSource(SerialOptions(port=pty.path, settle_s=2.0, stale_s=0), lambda: MOMENT, monotonic)
        async with booting.open() as deliveries:
            first = asyncio.ensure_future(anext(deliveries))
            await asyncio.sleep(0)  # it listens
            for at_s, line in ((0.1, b"\nS1 1\n"), (1.9, b"S1 2\n"), (2.0, b"S1 3\nS1 4\n")):
                now_s = at_s
                looked = len(looks)
                os.write(pty.device, line)
                while len(looks) == looked:
                    await asyncio.sleep(0.01)
            return (await first).readings

    assert asyncio.run(scenario()) == (Reading("S1", 4.0, MOMENT, "serial"),)


def test_a_silent_device_is_told_once_and_so_is_its_return(pty: Pty, logged: list[MutableMapping[str, Any]]) -> None:
    async def scenario() -> None:
        silent = SerialSource(SerialOptions(port=pty.path, stale_s=0.05))
        async with silent.open() as deliveries:
            while not logged:
                await asyncio.sleep(0.01)
            for _ in range(2):
                os.write(pty.device, b"\nS1 70\n")
                await anext(deliveries)

    asyncio.run(scenario())
    assert [one["event"] for one in logged[:2]] == ["source_silent", "source_speaks_again"]
    assert "power" in logged[0]["remedy"]


def test_a_wrong_baudrate_is_told_once_with_its_remedy(pty: Pty, logged: list[MutableMapping[str, Any]]) -> None:
    clock = count(0.0, 3.0)
    garbled = bytes.fromhex("9e6600f818e07e86e6e600fe0a9e98") * 8

    async def scenario() -> None:
        deaf = SerialSource(SerialOptions(port=pty.path, stale_s=0), monotonic=lambda: next(clock))
        for _ in range(2):
            async with deaf.open() as deliveries:
                for _ in range(4):
                    os.write(pty.device, garbled)
                    await anext(deliveries)

    asyncio.run(scenario())
    assert [one["event"] for one in logged] == ["baudrate_looks_wrong"]
    assert logged[0]["baudrate"] == 9600
    assert "set baudrate" in logged[0]["remedy"]


@pytest.mark.parametrize("bits", [{"bytesize": 7, "parity": "even"}, {"stopbits": 2}, {"low_latency": True}])
def test_a_port_is_opened_with_the_framing_that_is_configured(pty: Pty, bits: dict[str, Any]) -> None:
    async def scenario() -> tuple[Reading, ...]:
        async with SerialSource(SerialOptions(port=pty.path, **bits), now=lambda: MOMENT).open() as deliveries:
            os.write(pty.device, b"\nS1 70\n")
            return (await anext(deliveries)).readings

    assert asyncio.run(scenario()) == (Reading("S1", 70.0, MOMENT, "serial"),)


def test_a_device_that_is_replugged_again_and_again_is_always_found(tmp_path: Path) -> None:
    link = tmp_path / "sensor"

    async def scenario() -> list[float]:
        lines, values = source(str(link)), []
        for number in range(20):
            with pytest.raises(SourceLost, match="is not there"):
                async with lines.open():
                    pass
            device, held = os.openpty()
            tty.setraw(held)
            link.symlink_to(os.ttyname(held))
            async with lines.open() as deliveries:
                os.write(device, b"\nS1 %d\nS1 12" % number)
                values += [one.celsius for one in (await anext(deliveries)).readings]
                link.unlink()
                os.close(held)
                os.close(device)
                with pytest.raises(SourceLost, match="gone"):
                    await anext(deliveries)
        return values

    assert asyncio.run(scenario()) == list(range(20))
