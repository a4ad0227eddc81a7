"""`make bench-dashboard`: how soon a reading is on the page, and what the dashboard needs for it."""

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from bench.conditions import conditions
from bench.dashboard_load.steady import start_up, steady
from bench.dashboard_load.targets import verdicts
from bench.result import Result, conclude
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
    before = conditions()
    return conclude("bench-dashboard", measure(arguments.seconds), before, arguments.out)


if __name__ == "__main__":
    sys.exit(main())
