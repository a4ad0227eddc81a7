"""`make soak HOURS=2`: a simulated plant, the real gateway, random faults; what came of it into bench/out/soak.json."""

import argparse
import shutil
import signal
import sys
import traceback
from pathlib import Path

from sandbox.fetched import PROJECT
from tests.soak.plant import SENSORS, Plant
from tests.soak.report import write
from tests.soak.result import Result
from tests.soak.soak import Soak

OUT = PROJECT / "bench" / "out" / "soak.json"
WORK = PROJECT / "var" / "soak"


def main() -> int:
    """Run it; 1 when the gateway broke a promise, 70 when the soak itself broke down."""
    parser = argparse.ArgumentParser(prog="make soak", description="Run a simulated plant under random faults.")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1, help="same seed, same faults in the same order")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--work", type=Path, default=WORK, help="for journal, logs and topics; emptied first")
    parser.add_argument("--report", action="store_true", help="write docs/reliability.md's section too")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    shutil.rmtree(arguments.work, ignore_errors=True)
    arguments.work.mkdir(parents=True)
    result = Result(arguments.hours, arguments.seed, len(SENSORS))
    try:
        with Plant(arguments.work, arguments.hours * 3600, arguments.seed) as plant:
            Soak(plant, result, arguments.out, say=say).run()
        result.end("broken off" if result.notes else "done")
    except BaseException as error:
        result.notes.append(f"the soak itself broke down: {type(error).__name__}: {error}")
        traceback.print_exc()
        result.end("broken off")
        result.write(arguments.out)
        return 70
    result.write(arguments.out)
    if arguments.report:
        write(result)
    for name, wrong in result.broken.items():
        say(f"{name}: {len(wrong)}, such as {wrong[0]}")
    for leak in result.leaks:
        say(f"{leak.figure} over {leak.over} grew by {leak.grown} (limit {leak.limit})")
    say(f"soak: {'GUILTY' if result.guilty else 'clean'}, {len(result.faults)} faults; {arguments.out}")
    return 1 if result.guilty else 0


def say(words: str) -> None:
    """Tell how it goes on."""
    print(words, flush=True)  # noqa: T201 - for a person who waits


if __name__ == "__main__":
    sys.exit(main())
