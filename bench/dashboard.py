"""`make bench-dashboard`: how soon a reading is on the page, and what the dashboard needs for it."""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench.dashboard_load.steady import start_up, steady
from bench.dashboard_load.targets import verdicts
from bench.result import Result, print_table, shortfalls
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka

OUT = PROJECT / "bench" / "out" / "dashboard.json"
WORK = PROJECT / "var" / "bench-dashboard"
CLIENTS = 50
WARM_UP_S = 10.0


def measure(seconds: float) -> dict[str, Result]:
    """Measure everything, one after the other on the same broker."""
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    with Kafka(WORK) as kafka:
        measurements: dict[str, Callable[[], Figures]] = {
            "start": lambda: start_up(WORK, kafka),
            "sensors_3": lambda: steady(WORK, kafka, 3, CLIENTS, seconds, WARM_UP_S),
            "sensors_1000": lambda: steady(WORK, kafka, 1000, CLIENTS, seconds, WARM_UP_S),
        }
        return {name: _one(name, run) for name, run in measurements.items()}


def _one(name: str, run: Callable[[], Figures]) -> Result:
    try:
        figures = run()
    except SandboxError as error:
        return Result(error=str(error))
    return Result(figures, verdicts(name, figures))


def main() -> int:
    """Measure, print a table, write the JSON; 1 when a limit does not hold."""
    parser = argparse.ArgumentParser(prog="make bench-dashboard", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each load, after the warm-up")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    results = measure(arguments.seconds)
    conditions = {
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0],
        "python": platform.python_version(),
        "system": platform.system(),
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    told = {"results": {name: asdict(result) for name, result in results.items()}, "conditions": conditions}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(told, indent=2) + "\n")
    print_table(results)
    missed = shortfalls(results)
    for words in missed:
        print(f"bench-dashboard: {words}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
