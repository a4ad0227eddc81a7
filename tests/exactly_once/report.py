"""docs/warnings-proof.md from the results of runs; `python -m tests.exactly_once.report FILE…` renders it again."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from tests.exactly_once.result import Result
from tests.spark.alert_process import PROJECT

REPORT = PROJECT / "docs" / "warnings-proof.md"

HEAD = """# Warnings: how often the alert job was ended, and what it printed

Written by `make test-spark`, not by hand. The real job runs on a real Kafka broker while 300 records a second flow in,
a third of them above 80 °C, among resends, records that Kafka has twice, records that are no readings, readings of
exactly 80 °C and retained ones. At random moments, also while it starts, the job is killed (SIGKILL: all of it, only
its Python, only its JVM) or stopped (SIGTERM), and started again at once; now and then the broker is killed or
restarted under it. In the end every printed line is held against what Kafka took.

- *hot*: different readings strictly above 80 °C that are new; each must be printed.
- *marked*: lines that end in `(mungkin ulangan)`, "perhaps a repeat": the job was killed between saying that it prints
  the line and noting that it did. Some repeat a line, for the others the kill came first. At most one for each kill.
- *repeated unmarked*, *missing*: must be 0.
- *back after*: seconds from the start of the process to its first line; the broker's from its return to the next one.

The same checker finds a job that marks before it prints, one that does not recognise replays, and one that forgets what
it was printing; a shorter run of it and these three are part of `make test`.
"""

COLUMNS = ("job", "ended", "killed", "broker faults", "records", "hot", "printed", "missing")
COLUMNS += ("repeated unmarked", "marked", "of them repeats", "back after p50", "max", "broker p50", "max")


def render(results: Sequence[Result]) -> str:
    """The whole document."""
    kinds = {one.kind: [other for other in results if other.kind == one.kind] for one in results}
    rows = [_row(name, of_kind) for name, of_kind in kinds.items()] + [_row("all", results)]
    ends, faults = _total(one.ends for one in results), _total(one.broker_faults for one in results)
    starting = sum(one.ended_while_starting for one in results)
    days = sorted({one.at[:10] for one in results})
    return (
        f"{HEAD}\n| {' | '.join(COLUMNS)} |\n|---|{'--:|' * (len(COLUMNS) - 1)}\n"
        + "".join(f"| {' | '.join(row)} |\n" for row in rows)
        + f"\nThe job's ends: {_listed(ends)}; {starting} of them before its first line."
        + f" The broker's: {_listed(faults)}.\nMeasured on {', '.join(days)} on a machine with {os.cpu_count()} cores,"
        + " which carried the broker and other work besides.\n"
    )


def _row(name: str, results: Sequence[Result]) -> list[str]:
    def total(field: str) -> int:
        return sum(getattr(one, field) for one in results)

    counts = [
        *(total("lives"), total("kills"), sum(sum(one.broker_faults.values()) for one in results), total("records")),
        *(total("hot"), total("printed"), total("missing"), total("repeated_unmarked")),
        *(total("marked"), total("repeated_marked")),
    ]
    recovery_s = [second for one in results for second in one.recovery_s]
    broker_s = [second for one in results for second in one.broker_recovery_s]
    return [name, *(f"{count:,}" for count in counts), *_times(recovery_s), *_times(broker_s)]


def _times(seconds: Sequence[float]) -> tuple[str, str]:
    return (f"{median(seconds):.1f}", f"{max(seconds):.1f}") if seconds else ("", "")


def _total(counts: Iterable[dict[str, int]]) -> Counter[str]:
    return sum((Counter(one) for one in counts), Counter[str]())


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


if __name__ == "__main__":
    REPORT.write_text(render([Result(**one) for file in sys.argv[1:] for one in json.loads(Path(file).read_text())]))
