"""`make test-spark`: the job is killed, stopped and started again some 200 times; writes docs/warnings-proof.md.

The run consists of trials, each with a seed that follows from the run's; one that was interrupted goes on with the
trials that are missing.
"""

import argparse
import json
import random
import shutil
import sys
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.kafka import Kafka
from tests.exactly_once.report import REPORT, render
from tests.exactly_once.result import Result
from tests.exactly_once.trial import MICRO_BATCH, REAL_TIME, SHORT_BATCHES, SUBMITTED, Trial
from tests.spark.alert_process import PROJECT, AlertProcess, record_class_cache

OUT = PROJECT / "var" / "warnings.json"
WORK = PROJECT / "var" / "test-spark"
LIVES_OF_A_TRIAL = 10
KINDS = (
    *(REAL_TIME, SHORT_BATCHES, MICRO_BATCH, REAL_TIME, SHORT_BATCHES),
    *(SUBMITTED, REAL_TIME, SHORT_BATCHES, MICRO_BATCH, REAL_TIME),
)


def run(lives: int, seed: int, out: Path) -> list[Result]:
    """Do the trials that are missing in `out`, and write each into it as soon as it is over.

    Raises:
        SandboxError: see Trial.run.
    """
    done = [Result(**one) for one in json.loads(out.read_text())] if out.exists() else []
    results = {one.seed: one for one in done}
    wanted: list[Result] = []
    with Kafka(WORK) as kafka:
        AlertProcess.class_cache = record_class_cache(kafka, WORK / "recording")
        for number in range(-(-lives // LIVES_OF_A_TRIAL)):
            seed_of_trial = random.Random(f"{seed}/{number}").randrange(1 << 32)
            if seed_of_trial not in results:
                trial = Trial(kafka, WORK / f"trial-{number}", KINDS[number % len(KINDS)], seed_of_trial)
                one = trial.run(min(LIVES_OF_A_TRIAL, lives - number * LIVES_OF_A_TRIAL))
                results[seed_of_trial] = one
                _say(f"trial {number}, {one.kind}: {one.printed} of {one.hot} hot readings, {one.broken or 'all well'}")
            wanted.append(results[seed_of_trial])
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps([one.as_json() for one in wanted], indent=1))
    return wanted


def main() -> int:
    """Run, render, and end with 1 if a rule was broken."""
    parser = argparse.ArgumentParser(prog="make test-spark", description="Warnings over kills, stops and restarts.")
    parser.add_argument("--cycles", type=int, default=200, help="how often the job is ended: %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=OUT, help="results; trials that are in it are not done again")
    parser.add_argument("--report", type=Path, default=REPORT)
    arguments = parser.parse_args()
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    try:
        results = run(arguments.cycles, arguments.seed, arguments.out)
    except SandboxError as error:
        _say(f"test-spark: {error}")
        return 1
    arguments.report.write_text(render(results))
    return 1 if any(one.broken for one in results) else 0


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
