"""What a steady stream costs, and how long a reading takes."""

import os
import signal
import sys
import time
from array import array
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles

from kafka import KafkaConsumer

from bench.footprint import Footprint
from bench.gateway_load.arrivals import Account, Arrival
from bench.gateway_load.stage import Stage
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.process import Child
from sandbox.waiting import wait_until

WARM_UP_S = 3
RATE = 1_000  # messages per second
RECEIVE_TIMEOUT_S = 10.0  # beyond the time that publishing takes
MACHINES = 3
PORTS = 16
LINES_PER_S = 576  # of 20 bytes: what a line of 115,200 baud carries at most


def measure_latency(stage: Stage, seconds: int) -> Figures:
    """Publish RATE messages a second and take the time until a consumer has them.

    Raises:
        SandboxError: a part failed.
    """
    footprint = stage.start_gateway()
    stage.await_sources()
    times = stage.work / "times"
    total, ignored = (WARM_UP_S + seconds) * RATE, WARM_UP_S * RATE
    with stage.topic.consumer() as consumer:
        consumer.poll(timeout_ms=0)  # it connects now
        stage.publish(total, rate=RATE, times=times)
        early = _receive(consumer, ignored)
        started_s, spent_s = time.monotonic(), footprint.cpu_s()
        received = early + _receive(consumer, total - len(early))
        cpu_percent = _percent(footprint.cpu_s() - spent_s, time.monotonic() - started_s)
    stage.published()
    sent_at_ns = array("q", times.read_bytes())
    waited_ms = [
        (at_ns - sent_at_ns[arrival.number]) / 1e6
        for arrival, at_ns in ((Arrival.from_value(value, 0), at_ns) for value, at_ns in received)
        if arrival.number >= ignored
    ]
    cuts = quantiles(waited_ms, n=100, method="inclusive")
    return {
        "records": len(waited_ms),
        "p50_ms": round(cuts[49], 1),
        "p99_ms": round(cuts[98], 1),
        "max_ms": round(max(waited_ms), 1),
        "cpu_percent": cpu_percent,
        "rss_mb": round(footprint.rss_mb(), 1),
        **asdict(Account.of(stage.topic.read_complete(total), total)),
    }


def measure_idle(stage: Stage, seconds: int) -> Figures:
    """Look at a gateway that reads MACHINES machines which report once a second.

    Raises:
        SandboxError: a part failed.
    """
    footprint = stage.start_gateway()
    stage.await_sources()
    stage.publish((WARM_UP_S + 2 * seconds) * MACHINES, rate=MACHINES, sensors=MACHINES)
    stage.topic.wait_beyond(WARM_UP_S * MACHINES)
    cpu_percent = _watch(footprint, seconds)
    return {"cpu_percent": cpu_percent, "rss_mb": round(footprint.rss_mb(), 1)}


def measure_serial(stage: Stage, terminals: Child, seconds: int) -> Figures:
    """Send LINES_PER_S lines a second on each of PORTS ports to a gateway that forwards every reading.

    Args:
        stage: its gateway reads the ports of `terminals`.
        terminals: as `make_terminals` returns them.
        seconds: how long `terminals` send.

    Raises:
        SandboxError: a part failed.
    """
    figures = _send_lines(stage, terminals, seconds)
    total = PORTS * LINES_PER_S * seconds
    return {**figures, **asdict(Account.of(stage.topic.read_complete(total), total))}


def measure_serial_paced(stage: Stage, terminals: Child, seconds: int) -> Figures:
    """The same lines to a gateway that forwards each sensor's newest reading once a second, as it does by default.

    Raises:
        SandboxError: a part failed, or one of the last lines did not get to the topic.
    """
    figures = _send_lines(stage, terminals, seconds)
    total = PORTS * LINES_PER_S * seconds
    last = set(range(total - PORTS, total))
    wait_until(
        lambda: last <= {arrival.number for arrival in stage.topic.read()}, RECEIVE_TIMEOUT_S, "the last line's reading"
    )
    return {**figures, "lost": total - stage.stop_gateway()}


def _send_lines(stage: Stage, terminals: Child, seconds: int) -> Figures:
    footprint = stage.start_gateway()
    stage.await_sources()
    os.kill(terminals.pid, signal.SIGUSR1)
    stage.topic.wait_beyond(0)
    cpu_percent = _watch(footprint, seconds - 1)
    overruns = terminals.wait_for_line("sent, ", seconds + RECEIVE_TIMEOUT_S)
    lines = PORTS * LINES_PER_S * seconds
    return {"lines": lines, "cpu_percent": cpu_percent, "overrun_bytes": int(overruns.split()[1])}


def make_terminals(work: Path, seconds: int) -> Child:
    """PORTS serial devices in a process of their own, see serial_lines.py; their ports are `port_paths(work)`."""
    amount = ["--ports", str(PORTS), "--rate", str(LINES_PER_S), "--seconds", str(seconds)]
    command = [sys.executable, "-m", "bench.gateway_load.serial_lines", "--folder", str(work / "ports"), *amount]
    return Child("terminals", command, work)


def port_paths(work: Path) -> list[Path]:
    """Where the devices of `make_terminals` are."""
    return [work / "ports" / f"port-{place:02d}" for place in range(PORTS)]


def _receive(consumer: KafkaConsumer, count: int) -> list[tuple[bytes, int]]:
    """The next `count` values or a few more, each with the wall clock in ns when it was there."""
    received: list[tuple[bytes, int]] = []
    deadline_s = time.monotonic() + count / RATE + RECEIVE_TIMEOUT_S
    while len(received) < count:
        if time.monotonic() > deadline_s:
            raise SandboxError(f"{count - len(received)} of {count} readings did not come in time")
        for records in consumer.poll(timeout_ms=100).values():
            at_ns = time.time_ns()
            received += [(record.value, at_ns) for record in records]
    return received


def _watch(footprint: Footprint, seconds: float) -> float:
    """CPU of the next seconds, in per cent of one core."""
    started_s, spent_s = time.monotonic(), footprint.cpu_s()
    time.sleep(seconds)
    return _percent(footprint.cpu_s() - spent_s, time.monotonic() - started_s)


def _percent(cpu_s: float, wall_s: float) -> float:
    return round(cpu_s / wall_s * 100, 2)
