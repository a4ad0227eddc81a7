"""docs/reliability.md from the outcomes of a full run; `python -m tests.faults.report` renders it again."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import median

from tests.faults.outcome import Outcome

PROJECT = Path(__file__).parents[2]
OUTCOMES = PROJECT / "var" / "faults.json"
REPORT = PROJECT / "docs" / "reliability.md"
SOAK = "<!-- what follows is written by make soak -->\n"

HEAD = """# Reliability: what was done to the gateway, and what became of the readings

Written by `make test-faults`, not by hand. Each line is one kind of fault, done to the real gateway between a real
mosquitto and a real Kafka broker while readings flow over MQTT at some hundreds a second (or arrive on a serial port).
Every reading is unique; afterwards the topic is read from its beginning and held against what was accepted.
The same tests run in `make test`, each with fewer repetitions. A gateway that breaks a promise on purpose
(acknowledges before the commit, does not sync, skips, delays, tears or renumbers a record, keeps a fault to itself)
must fail them. What they cannot show is a disk that reports a sync as done and drops it.
A kill, a hang and a stop under systemd (2, 3, 4) are tried in a booted one by `tests/deploy`, not here.

- *records*: different event ids that reached the topic or, where the test ends with Kafka down, the journal.
- *lost*: readings that the MQTT broker had accepted for the gateway (a serial line: that stood in the journal) and that
  are in neither.
- *again*: the same `event_id` a second time, because Kafka's acknowledgement was lost; consumers recognise it.
- *redelivered*: the MQTT broker sent a reading twice, because ours was lost: two event ids, one value.
- *disordered*: records behind a later one of their sensor.
- *recovery*: from the end of the fault (a restart included) to the first new reading in the topic, in seconds.

| # | fault | runs | records | lost | again | redelivered | disordered | recovery p50 | max | notes |
|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""


def render(outcomes: Iterable[Outcome]) -> str:
    """The whole document."""
    rows = sorted(outcomes, key=lambda one: (one.row, one.fault))
    return HEAD + "".join(f"{_line(one)}\n" for one in rows)


def with_soak(document: str, section: str | None = None) -> str:
    """The document with this section of the soak behind it; None keeps the one that docs/reliability.md has."""
    faults, _, _ = document.partition(SOAK)
    if section is None:
        _, _, section = REPORT.read_text().partition(SOAK) if REPORT.exists() else ("", "", "")
    return f"{faults.rstrip()}\n\n{SOAK}{section}" if section else faults


def merge(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Put these outcomes in the place of earlier ones of the same faults, in the file; returns all."""
    kept = [Outcome(**one) for one in json.loads(OUTCOMES.read_text())] if OUTCOMES.exists() else []
    by_fault = {one.fault: one for one in [*kept, *outcomes]}
    OUTCOMES.parent.mkdir(parents=True, exist_ok=True)
    OUTCOMES.write_text(json.dumps([asdict(one) for one in by_fault.values()], indent=2))
    return list(by_fault.values())


def _line(one: Outcome) -> str:
    counts = (one.runs, one.records, one.lost, one.duplicated, one.redelivered, one.out_of_order)
    times = (f"{median(one.recovery_s):.2f}", f"{max(one.recovery_s):.2f}") if one.recovery_s else ("", "")
    cells = (str(one.row), one.fault, *(f"{count:,}" for count in counts), *times, one.note)
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    REPORT.write_text(with_soak(render(merge([]))))
