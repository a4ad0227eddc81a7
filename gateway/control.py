"""The daemon's own door: a Unix socket beside the journal, one JSON line in, one JSON line out.

Only the journal's owner can use it (the socket has the rights of its folder's files, 0600), and nothing asked
through it changes anything.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from gateway.errors import SpoolError

ANSWER_TIMEOUT_S = 60.0  # a check of a large journal reads all of it
MAX_REQUEST_BYTES = 4_096

Answer = dict[str, Any]


def socket_path(journal: Path) -> Path:
    """Where the daemon of this journal listens."""
    return journal.with_name(journal.name + ".sock")


@asynccontextmanager
async def listening(journal: Path, answer: Callable[[Answer], Awaitable[Answer]]) -> AsyncIterator[None]:
    """Answer requests as long as the context lives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            reply = (
                await answer(request)
                if isinstance(request, dict)
                else {"error": "not a request: a JSON object is expected"}
            )
        except SpoolError as exc:
            reply = {"error": str(exc)}
        except (ValueError, TypeError) as exc:
            reply = {"error": f"not a request: {exc}"}
        writer.write(json.dumps(reply).encode() + b"\n")
        writer.close()

    path = socket_path(journal)
    path.unlink(missing_ok=True)  # of a killed process: the journal's lock says that nobody else is here
    with address(path) as short:
        server = await asyncio.start_unix_server(serve, short, limit=MAX_REQUEST_BYTES)
        path.chmod(0o600)
    try:
        async with server:
            yield
    finally:
        path.unlink(missing_ok=True)


def ask(journal: Path, request: Answer) -> Answer | None:
    """Ask the daemon that has this journal open.

    Returns:
        Its answer; None when no daemon listens there.

    Raises:
        SpoolError: the daemon does not answer, or says that something is wrong.
    """
    path = socket_path(journal)
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(ANSWER_TIMEOUT_S)
        try:
            with address(path) as short:
                link.connect(short)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        except OSError as exc:
            raise SpoolError(f"the gateway at {path} cannot be asked: {exc.strerror}", forbidden=True) from exc
        try:
            link.sendall(json.dumps(request).encode() + b"\n")
            with link.makefile("rb") as lines:
                reply: Answer = json.loads(lines.readline())
        except (OSError, ValueError) as exc:
            raise SpoolError(f"the gateway at {path} does not answer: {exc}") from exc
    if "error" in reply:
        raise SpoolError(reply["error"])
    return reply


def status(journal: Path) -> Answer | None:
    """How the gateway with this journal is, see Snapshot, and how its journal is; None: none runs.

    Raises:
        SpoolError: it does not answer, or not to this user.
    """
    return ask(journal, {"command": "status"})


@contextmanager
def address(path: Path) -> Iterator[str]:
    """A name for the path that fits into a socket address (108 bytes, unix(7)), however deep the folder is."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
