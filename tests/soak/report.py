"""The soak's section of docs/reliability.md; `python -m tests.soak.report [FILE]` writes it from the run's JSON."""

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.faults.report import PROJECT, REPORT, with_soak
from tests.soak.flatness import Trend, trends
from tests.soak.result import Happened, Result

OUT = PROJECT / "bench" / "out" / "soak.json"
NAMES = {"rss_mb": "resident memory (RSS), MB", "pss_mb": "own memory (PSS), MB"}

METHOD = """
Written by `make soak`, not by hand. {sensors} simulated sensors speak about once a second each: 12 on four serial lines
that are unplugged now and then, 30 over MQTT, 5 that POST, 3 in a CSV file. Between them and a real Kafka broker is the
real gateway, and a seed says what is done to it and when. *Recovery* lasts until of every sensor a new reading is in
the topic. In the end the whole topic is held against what the gateway had acknowledged, what the brokers had taken and
what the devices say they sent; `gateway verify` reads it too. Faults that end the gateway's process fall into the first
half, so that one process lives through the second half and a slow leak shows.
What became of earlier findings: [decision 69](decisions/0069-what-a-soak-judges.md).

A figure is flat when the slope through it (Theil and Sen, over the last two thirds of a process's life), times the
length of the observation, stays below the limit; *between lives* compares all processes 5 to 20 s after their start.
"""


def render(result: Result) -> str:
    """The section."""
    faults = result.faults
    shown = [one for one in result.trends if one.over == "lives" or one in _longest(result.trends)]
    return "\n".join(
        [
            f"## A soak of {result.ran_s / 3600:.1f} hours: {len(faults)} faults, {result.sensors} sensors",
            METHOD.format(sensors=result.sensors),
            f"Begun {result.began_at}, seed {result.seed}, {result.conditions['cores']} cores, "
            f"Python {result.conditions['python']}; {_state(result)}",
            "",
            *_counts(result),
            "",
            "| fault | times | recovery p50 | max | told |",
            "|---|--:|--:|--:|---|",
            *(_fault_row(name, [one for one in faults if one.name == name]) for name in _names(faults)),
            "",
            *(_trend_table(shown) if shown else ["It was too short to say whether memory and descriptors stay flat."]),
            "",
        ]
    )


def _state(result: Result) -> str:
    clean = "every promise held" if result.state == "done" else "no promise broken so far"
    verdict = f"found guilty: {', '.join([*result.broken, *_leaks(result)])}" if result.guilty else clean
    return f"{result.state}, {verdict}."


def _leaks(result: Result) -> list[str]:
    return [f"{one.figure} grows" for one in result.leaks]


def _counts(result: Result) -> list[str]:
    wires, answers = result.wires, result.ready
    lost = sum(len(wrong) for name, wrong in result.broken.items() if name.startswith("I1"))
    lines = [
        f"- records: {result.records:,}; readings the gateway was answerable for: {result.accepted:,}; lost: {lost}",
        f"- the same `event_id` again, so recognisable: {result.duplicated:,}; taken twice, because the sender never "
        f"saw the answer (most of all the MQTT broker, when the gateway had stood still): {result.redelivered:,}",
        f"- processes of the gateway: {result.lives}; `gateway verify`: {_verified(result)}",
        f"- `/readyz` answered {_listed(answers)}",
    ]
    if wires:
        lines.insert(
            2,
            f"- lines on the wires: {wires['sent']:,}; nobody heard {wires['lost_while_deaf_or_unplugged']:,} of them, "
            f"because plug or gateway were away; lost otherwise: {wires['lost']}",
        )
    trouble = sum(bool(one.trouble) for one in result.faults)
    return [*lines, f"- faults that the soak itself could not carry out as meant: {trouble}"] if trouble else lines


def _verified(result: Result) -> str:
    return "nothing is missing" if '"proven": true' in result.verify else result.verify or "not asked yet"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,} times" for name, count in sorted(counts.items())) or "nothing"


def _names(faults: Sequence[Happened]) -> list[str]:
    return sorted({one.name for one in faults})


def _fault_row(name: str, faults: Sequence[Happened]) -> str:
    times = [one.recovery_s for one in faults if one.recovery_s is not None]
    shown = (f"{median(times):.1f}", f"{max(times):.1f}") if times else ("", "")
    asked = [one.told for one in faults if one.told is not None]
    told = f"{sum(asked)} of {len(asked)}" if asked else ""
    return f"| {name} | {len(faults)} | {shown[0]} | {shown[1]} | {told} |"


def _longest(grown: Sequence[Trend]) -> list[Trend]:
    lives = [one for one in grown if one.over != "lives"]
    span_s = max((one.span_s for one in lives), default=0.0)
    return [one for one in lives if one.span_s == span_s or not one.flat]


def _trend_table(grown: Sequence[Trend]) -> list[str]:
    head = "| figure | of | observed | at first | at last | grown | limit | |"
    return [head, "|---|---|--:|--:|--:|--:|--:|---|", *map(_trend_row, grown)]


def _trend_row(one: Trend) -> str:
    of = f"{one.points} processes, between lives" if one.over == "lives" else one.over.replace("life", "process")
    flat = "flat" if one.flat else "GROWS"
    cells = [NAMES.get(one.figure, one.figure), of, f"{one.span_s / 60:.0f} min"]
    cells += [f"{value:.1f}" for value in (one.start, one.end, one.grown, one.limit)]
    return f"| {' | '.join([*cells, flat])} |"


def write(result: Result) -> None:
    """Put it into docs/reliability.md."""
    REPORT.write_text(with_soak(REPORT.read_text(), render(result)))


if __name__ == "__main__":
    found = Result.read(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
    found.trends = trends(found.samples)  # judged anew, as the code judges now
    write(found)
