"""`make bench-latency`: from the moment a device writes to the printed warning, with everything on this machine.

A firmware simulator writes a hot reading to a pseudo-terminal and notes the wall clock just before. The gateway reads
it through pyserial, commits it to its journal and sends it to Kafka; Spark filters it into the alerts topic; the alert
job's printer writes the line to a pipe, and the clock is read again when the line comes out of it. Both clocks are
this machine's. Real-Time Mode and micro-batches run one after the other on the same broker.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

from sandbox.composition import Sandbox
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka
from sandbox.programs import Firmware, Gateway
from sandbox.spark import AlertJob

OUT = PROJECT / "bench" / "out" / "latency.json"
WORK = PROJECT / "var" / "bench-latency"
RATE = 20.0  # hot readings per second
WARM_UP = 200  # warnings that are not counted: the JVM compiles what it runs often
MODES = {"realtime": "real-time", "micro_batch": "micro-batch"}


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one mode, in milliseconds."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    n: int

    @classmethod
    def of(cls, milliseconds: list[float]) -> "Latency":
        """Summarise at least two values."""
        cuts = quantiles(milliseconds, n=100, method="inclusive")
        return cls(round(cuts[49], 2), round(cuts[98], 2), round(max(milliseconds), 2), len(milliseconds))


def measure(kafka: Kafka, name: str, count: int) -> Latency:
    """Run one mode.

    Args:
        kafka: the running broker.
        name: a key of MODES.
        count: how many warnings to measure, after the warm-up.

    Raises:
        SandboxError: a part failed, or a warning is missing.
    """
    work = WORK / name
    work.mkdir(parents=True)
    topic = f"sensor-suhu-{name}"
    for one in (topic, f"{topic}-alerts"):
        kafka.create_topic(one, 3)
    printed_at_ns: dict[float, int] = {}

    def note(line: str) -> None:
        at_ns = time.time_ns()
        printed_at_ns[float(line.split()[2])] = at_ns

    link = work / "devices" / "bench"
    config = work / "gateway.toml"
    config.write_text(
        f'[gateway]\nid = "bench"\ninterval_s = 0\n[journal]\npath = "{work / "journal.db"}"\n'
        f'[kafka]\nbootstrap_servers = ["{kafka.bootstrap_servers}"]\ntopic = "{topic}"\n[[serial]]\nport = "{link}"\n'
    )
    total = WARM_UP + count
    job = AlertJob(
        work,
        kafka.bootstrap_servers,
        work / "checkpoint",
        mode=MODES[name],
        arguments=["--topic", topic, "--alerts-topic", f"{topic}-alerts"],
        on_line=note,
    )
    device = Firmware(
        work,
        f"--pty {link} --sensors S1 --curve hot --rate {RATE} --count {total}".split(),
        truth=work / "truth.jsonl",
    )
    with Sandbox() as sandbox:
        sandbox.start(job)
        sandbox.start(device)
        sandbox.start(Gateway(work, config))
        job.wait_for_lines(total, total / RATE + 60)
    facts = [json.loads(line) for line in device.truth.read_text().splitlines()]
    measured = facts[WARM_UP:]
    sent_at_ns = {fact["readings"][0]["celsius"]: fact["emitted_at_ns"] for fact in measured}
    missing = [celsius for celsius in sent_at_ns if celsius not in printed_at_ns]
    if missing:
        raise SandboxError(f"{len(missing)} hot readings were not warned of, the first is {missing[0]} °C")
    return Latency.of([(printed_at_ns[celsius] - at_ns) / 1e6 for celsius, at_ns in sent_at_ns.items()])


def run(count: int) -> dict[str, object]:
    """Measure every mode.

    Raises:
        SandboxError: see measure.
    """
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    result: dict[str, object] = {}
    with Kafka(WORK) as kafka:
        latencies = {name: measure(kafka, name, count) for name in MODES}
    result |= {name: asdict(latency) for name, latency in latencies.items()}
    result["micro_batch_to_realtime_p50"] = round(latencies["micro_batch"].p50_ms / latencies["realtime"].p50_ms, 1)
    result["conditions"] = {
        "cores": os.cpu_count(),
        "rate_per_s": RATE,
        "warm_up": WARM_UP,
        "python": platform.python_version(),
        "system": platform.system(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    return result


def main() -> int:
    """Measure, print a table, and write the JSON."""
    parser = argparse.ArgumentParser(prog="make bench-latency", description="Device write to printed warning.")
    parser.add_argument("--count", type=int, default=600, help="warnings to measure in each mode")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    try:
        result = run(arguments.count)
    except SandboxError as error:
        print(f"bench-latency: {error}", file=sys.stderr)
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
