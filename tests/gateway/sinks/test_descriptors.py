import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.model import Record
from gateway.sinks.descriptors import missing_descriptors
from gateway.sinks.kafka_confluent import ConfluentClient
from gateway.sinks.kafka_door import Door
from gateway.sinks.kafka_python import KafkaPythonClient
from gateway.sinks.kafka_sink import KafkaClient, KafkaSink
from gateway.sinks.sink import Receipt
from sandbox.waiting import wait_until

DOOR = Door(("127.0.0.1:1",), None, None)
CONFIGURATION = '[journal]\npath = "{folder}/journal.db"\n[kafka]\nbootstrap_servers = ["127.0.0.1:1"]\n'


@contextmanager
def only(free: int) -> Iterator[int]:
    """Leave so many descriptors to this process, and tell its limit."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = max(int(one.name) for one in Path("/proc/self/fd").iterdir()) + 10
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
    held: list[int] = []
    try:
        try:
            while True:
                held.append(os.open("/dev/null", os.O_RDONLY))
        except OSError:
            pass
        for _ in range(free):
            os.close(held.pop())
        yield limit
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize(("free", "enough"), [(0, False), (3, False), (4, True)])
def test_four_descriptors_are_enough_for_a_client(free: int, enough: bool) -> None:
    with only(free) as limit:
        failure = missing_descriptors(4)
        again = missing_descriptors(4)  # nothing is kept
    assert failure == again
    assert (failure is None) == enough
    assert failure is None or failure.detail == f"Too many open files; this process may have {limit}"


@pytest.mark.parametrize("client", [KafkaPythonClient, ConfluentClient])
@pytest.mark.parametrize("free", [0, 3, 4])
def test_a_full_table_of_files_is_told_from_a_broker_that_is_away(client: type[KafkaClient], free: int) -> None:
    async def sent(sink: KafkaSink) -> Receipt:
        return await sink.send([Record(1, b"S1", b"{}", 0)])

    async def scenario() -> tuple[Receipt, Receipt]:
        sink = KafkaSink(client(DOOR, "t", "c"), DOOR, "t")
        try:
            await asyncio.to_thread(int)  # its thread is there
            with only(free):
                full = await sent(sink)
            return full, await sent(sink)
        finally:
            await sink.close()

    full, after = asyncio.run(scenario())
    assert [record.sequence for record in full.unsent] == [record.sequence for record in after.unsent] == [1]
    assert full.cause is not None
    assert after.cause is not None
    assert (full.cause.kind == "no_descriptor") == (free < 4)
    assert "raise LimitNOFILE= of the service, or `ulimit -n`" in str(full.cause) or free == 4
    assert after.cause.kind == "no_broker"


def test_a_gateway_short_of_descriptors_says_so_and_keeps_its_readings(tmp_path: Path) -> None:
    """With the lowest limit at which its journal opens, nothing is left for Kafka."""
    config, log = tmp_path / "gateway.toml", tmp_path / "log"
    config.write_text(CONFIGURATION.format(folder=tmp_path))
    command = [sys.executable, "-m", "gateway", "run", "--simulate", "--config", str(config)]
    for limit in range(8, 20):
        limited = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *command]
        with log.open("w") as written, subprocess.Popen(limited, stderr=written) as process:
            wait_until(lambda: "event=kafka_down" in log.read_text() or process.poll() is not None, 30, "its words")
            process.terminate()
        if "event=started" in log.read_text():
            break
    said = log.read_text()
    assert process.returncode == 0, said
    assert "reason=no_descriptor" in said
    assert "dropped=0 delivered=0 waiting=" in said
    assert "Traceback" not in said
