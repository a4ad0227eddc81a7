import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.http_server import Limits, Request, Response, json_response, serving

LIMITS = Limits()
GET = b"GET /x?y=1 HTTP/1.1\r\nHost: here\r\n\r\n"


async def echo(request: Request) -> Response:
    if request.path == "/broken":
        raise ZeroDivisionError
    return json_response(200, {"method": request.method, "path": request.path, "body": request.body.decode()})


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def answer(self) -> tuple[int, bytes]:
        """The next answer: status and body."""
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length"))
            return int(lines[0].split()[1]), await self.reader.readexactly(length)

    async def is_closed(self) -> bool:
        async with asyncio.timeout(10):
            return await self.reader.read() == b""


@asynccontextmanager
async def server(limits: Limits = LIMITS) -> AsyncIterator[int]:
    async with serving("127.0.0.1", 0, echo, limits) as port:
        yield port


@asynccontextmanager
async def client(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


def ask(request: bytes, limits: Limits = LIMITS) -> tuple[int, bytes]:
    async def scenario() -> tuple[int, bytes]:
        async with server(limits) as port, client(port) as one:
            one.writer.write(request)
            return await one.answer()

    return asyncio.run(scenario())


def test_a_connection_is_kept_for_the_next_request_also_when_both_come_at_once() -> None:
    async def scenario() -> list[tuple[int, bytes]]:
        async with server() as port, client(port) as one:
            one.writer.write(GET + b"POST /p HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nhi")
            answers = [await one.answer(), await one.answer()]
            one.writer.write(GET)
            return [*answers, await one.answer()]

    first = (200, b'{"method": "GET", "path": "/x", "body": ""}\n')
    assert asyncio.run(scenario()) == [first, (200, b'{"method": "POST", "path": "/p", "body": "hi"}\n'), first]


def test_a_chunked_body_and_an_expected_continue_are_understood() -> None:
    async def scenario() -> tuple[bytes, tuple[int, bytes]]:
        async with server() as port, client(port) as one:
            one.writer.write(
                b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
            )
            interim = await one.reader.readuntil(b"\r\n\r\n")
            one.writer.write(b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
            return interim, await one.answer()

    interim, answer = asyncio.run(scenario())
    assert interim.startswith(b"HTTP/1.1 100 ")
    assert answer == (200, b'{"method": "POST", "path": "/", "body": "abc"}\n')


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + b"x" * 255 + b"\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 200_000, 431),
        (b"GET /broken HTTP/1.1\r\nHost: h\r\n\r\n", 500),
    ],
)
def test_what_breaks_a_rule_gets_its_status_and_a_remedy(request_bytes: bytes, status: int) -> None:
    got, body = ask(request_bytes, Limits(max_body_bytes=100))
    assert got == status
    assert b'"remedy"' in body


def test_an_answer_too_large_a_body_gets_is_read_although_the_body_is_still_coming() -> None:
    status, _ = ask(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
    assert status == 413


def test_a_client_that_trickles_is_cut_off_and_one_that_is_silent_too() -> None:
    async def scenario() -> tuple[int, bool]:
        limits = Limits(request_s=0.2, idle_s=0.2)
        async with server(limits) as port, client(port) as slow, client(port) as silent:
            slow.writer.write(b"POST / HTTP/1.1\r\n")
            status, _ = await slow.answer()
            return status, await silent.is_closed()

    assert asyncio.run(scenario()) == (408, True)


def test_one_connection_too_many_is_told_and_there_is_room_again_later() -> None:
    async def scenario() -> list[int]:
        async with server(Limits(max_connections=2)) as port:
            async with client(port) as first, client(port) as second, client(port) as third:
                first.writer.write(GET)
                second.writer.write(GET)
                statuses = [(await one.answer())[0] for one in (first, second, third)]
                for one in (first, second, third):
                    one.writer.write_eof()
                    assert await one.is_closed()
            async with client(port) as later:
                later.writer.write(GET)
                return [*statuses, (await later.answer())[0]]

    assert asyncio.run(scenario()) == [200, 200, 503, 200]


def test_head_gets_no_body() -> None:
    async def scenario() -> bytes:
        async with server() as port, client(port) as one:
            one.writer.write(b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            async with asyncio.timeout(10):
                return await one.reader.read()

    assert asyncio.run(scenario()).endswith(b"\r\n\r\n")


def test_closing_waits_for_a_request_that_is_being_handled_and_ends_idle_connections() -> None:
    async def scenario() -> tuple[int, bytes]:
        begun, go, closing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def handle(_request: Request) -> Response:
            begun.set()
            await go.wait()
            return Response(200, b"done")

        async def serve() -> None:
            async with serving("127.0.0.1", 0, handle, Limits()) as number:
                port.set_result(number)
                await closing.wait()

        task = asyncio.create_task(serve())
        async with client(await port) as busy, client(await port) as idle:
            busy.writer.write(GET)
            await begun.wait()
            closing.set()
            assert await idle.is_closed()
            go.set()
            answer = await busy.answer()
            assert await busy.is_closed()
        await task
        return answer

    assert asyncio.run(scenario()) == (200, b"done")
