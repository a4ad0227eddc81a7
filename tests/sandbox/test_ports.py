import os
import socket
import subprocess
import sys

import pytest

from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.ports import Port


def test_reserved_ports_differ_and_are_out_of_the_way_of_outgoing_connections() -> None:
    ports = [Port.reserve() for _ in range(50)]
    try:
        numbers = {port.number for port in ports}
        assert len(numbers) == 50
        assert min(numbers) >= 20000
        assert max(numbers) <= 29999
    finally:
        for port in ports:
            port.release()


def test_another_process_does_not_get_a_reserved_port(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port.reserve()
    only_that = (
        f"from sandbox import ports; ports.FIRST_PORT = ports.LAST_PORT = {port.number}; ports.ATTEMPTS = 1\n"
        "try: print(ports.Port.reserve().number)\n"
        "except Exception as error: print(error)"
    )
    command = [sys.executable, "-c", only_that]
    while_held = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    port.release()
    afterwards = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert while_held.stdout.startswith("no free port found in ")
    assert afterwards.stdout == f"{port.number}\n"


def test_a_fixed_port_that_is_taken_is_told_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        with pytest.raises(SandboxError, match=rf"^Port {number} is taken by \S+ \(process {os.getpid()}\): stop"):
            Port.fixed(number)
    Port.fixed(number).release()
