"""`make bench-gateway`: speed, cost and safety of one gateway process, with mosquitto and Kafka on this machine.

Everything is durable: an MQTT message is acknowledged after the fsync of its commit, Kafka acknowledges with acks=all.
`interval_s` is 0, messages are 86 bytes of JSON with QoS 1 from 50 sensors.
"""

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

from kafka.errors import KafkaError

from bench.conditions import conditions
from bench.gateway_load.floods import measure_backlog, measure_drain, measure_outage
from bench.gateway_load.kills import measure_kills
from bench.gateway_load.scale import QUICK, Scale
from bench.gateway_load.stage import DEFAULT_CLIENT, PRODUCTION, WIDE_WINDOW, Stage
from bench.gateway_load.start import measure_start
from bench.gateway_load.steady import (
    make_terminals,
    measure_idle,
    measure_latency,
    measure_serial,
    measure_serial_paced,
    port_paths,
)
from bench.gateway_load.targets import verdicts
from bench.result import Result, print_table, shortfalls
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.install import install
from sandbox.kafka import Kafka
from sandbox.process import Child

OUT = PROJECT / "bench" / "out" / "gateway.json"
WORK = PROJECT / "var" / "bench-gateway"
READY_TIMEOUT_S = 10.0
FSYNCS = 50
PRODUCTION_LOCK = PROJECT / "requirements-fast.txt"  # has both Kafka clients; only the configured one is loaded
FAST_CLIENT = "confluent"


def on_stage(
    measure: Callable[[Stage, int], Figures], amount: int, *mosquitto: str, client: str = DEFAULT_CLIENT
) -> Callable[[Path, Kafka], Figures]:
    """A measurement that needs a stage with mosquitto, and nothing else."""

    def run(work: Path, kafka: Kafka) -> Figures:
        with Stage(work, kafka, client=client, mosquitto=mosquitto) as stage:
            return measure(stage, amount)

    return run


def serial(
    measure: Callable[[Stage, Child, int], Figures],
    seconds: int,
    *,
    client: str = DEFAULT_CLIENT,
    interval_s: float = 0,
) -> Callable[[Path, Kafka], Figures]:
    """A measurement with serial ports in place of MQTT."""

    def run(work: Path, kafka: Kafka) -> Figures:
        stage = Stage(work, kafka, client=client, interval_s=interval_s, serial_ports=port_paths(work))
        with stage, make_terminals(work, seconds) as terminals:
            terminals.wait_for_line("ready", READY_TIMEOUT_S)
            return measure(stage, terminals, seconds)

    return run


def measurements(scale: Scale) -> Mapping[str, Callable[[Path, Kafka], Figures]]:
    """All of them, by name."""
    return {
        "drain": on_stage(measure_drain, scale.drained, *WIDE_WINDOW),
        "drain_default_window": on_stage(measure_drain, scale.drained),
        "drain_fast": on_stage(measure_drain, scale.drained, *WIDE_WINDOW, client=FAST_CLIENT),
        "backlog": on_stage(measure_backlog, scale.backlog, *WIDE_WINDOW),
        "backlog_fast": on_stage(measure_backlog, scale.backlog, *WIDE_WINDOW, client=FAST_CLIENT),
        "latency": on_stage(measure_latency, scale.latency_s, *WIDE_WINDOW),
        "idle": on_stage(measure_idle, scale.idle_s, *WIDE_WINDOW),
        "outage": on_stage(measure_outage, scale.outage, *WIDE_WINDOW),
        "serial": serial(measure_serial, scale.serial_s),
        "serial_fast": serial(measure_serial, scale.serial_s, client=FAST_CLIENT),
        "serial_paced": serial(measure_serial_paced, scale.serial_s, interval_s=1),
        "start": on_stage(measure_start, scale.queued_at_start),
        "kills": on_stage(measure_kills, scale.kills, *WIDE_WINDOW),
    }


def run(chosen: Mapping[str, Callable[[Path, Kafka], Figures]]) -> dict[str, Result]:
    """Measure one after the other; one that fails does not keep the others from running.

    Raises:
        SandboxError: Kafka does not start.
    """
    results: dict[str, Result] = {}
    with Kafka(WORK) as kafka:
        for name, measure in chosen.items():
            print(f"bench-gateway: {name} ...", file=sys.stderr, flush=True)
            try:
                figures = measure(WORK / name, kafka)
                results[name] = Result(figures, verdicts(name, figures))
            except (SandboxError, KafkaError, OSError, ValueError) as error:
                results[name] = Result(error=str(error) or type(error).__name__)
    return results


def fsync_ms(folder: Path) -> float:
    """How long this disk takes for an fsync of a small write, the median."""
    waited_s = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(FSYNCS):
            file.write(b"x" * 4096)
            start_s = time.perf_counter()
            os.fsync(file.fileno())
            waited_s.append(time.perf_counter() - start_s)
    return round(sorted(waited_s)[FSYNCS // 2] * 1000, 3)


def main() -> int:
    """Measure, write the JSON, and print a table; 1 when a limit that must hold does not."""
    names = list(measurements(Scale()))
    parser = argparse.ArgumentParser(prog="make bench-gateway", description="Speed, cost and safety of the gateway.")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="small counts: does it run at all?")
    parser.add_argument("--kills", type=int, help="how often the gateway is killed")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else Scale()
    if arguments.kills is not None:
        scale = replace(scale, kills=arguments.kills)
    chosen = {name: one for name, one in measurements(scale).items() if name in (arguments.only or names)}
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    before = conditions() | {"fsync_ms": fsync_ms(WORK), "wide_window": list(WIDE_WINDOW)}
    try:
        install(PRODUCTION, PRODUCTION_LOCK, WORK / "install")
        results = run(chosen)
    except SandboxError as error:
        print(f"bench-gateway: {error}", file=sys.stderr)
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    measured = {name: asdict(result) for name, result in results.items()}
    report = {"measurements": measured, "scale": asdict(scale), "conditions": before}
    arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    print_table(results)
    if shortfall := shortfalls(results):
        print(f"bench-gateway: {len(shortfall)} of the limits are not met:", *shortfall, sep="\n  ", file=sys.stderr)
    return 1 if shortfall else 0


if __name__ == "__main__":
    sys.exit(main())
