"""docs/spark-performance.md from bench/out/spark.json; `python -m bench.spark_load.page` renders it again."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bench.spark_load.readings import HOT_EVERY
from sandbox.fetched import PROJECT

PAGE = PROJECT / "docs" / "spark-performance.md"
JSON = PROJECT / "bench" / "out" / "spark.json"

HEAD = """# How fast the Spark jobs are, and what they cost

Written by `make bench-spark`, not by hand; `ARGS="--only latency_realtime"` measures one line, `ARGS=--quick` tries
everything with small counts. The real jobs run under spark-submit beside one real Kafka broker, on one machine.
It ends with exit code 1, and says which, when a limit does not hold; *aim* is what we want, a limit is what must be.

Measured on a machine with {cores} cores ({system}, {processor}, Python {python}), on {at}; its load before was
{load_before} from other work, and stands beside each line (with the broker's and what ran before). Where that is much,
the ratios between the lines tell more than the lines.

## From a reading to its line

100 hot readings a second in 3 partitions, each timed from just before it is handed to a Kafka producer to when its
line comes out of the job; the first 15 s warm the JVM up and are not counted. Over all measurements of the alert job
{lost} lines were missing and {repeated} printed twice.

| | n | p50 | p99 | max | aim p50, p99 | met | memory | load |
|---|--:|--:|--:|--:|---|---|--:|--:|
"""

WINDOWS_HEAD = """
## From the reading that closes a window to its statistics

100 readings a second of 10 sensors; the broker's clock for both records. A window of 10 s is closed by the first
reading of its sensor that is a second younger than its end (`--stats-lateness-s 1`). A batch begins at most once a
second.

| | n | p50 | p99 | max | aim p50, p99 | met | memory | load |
|---|--:|--:|--:|--:|---|---|--:|--:|
"""

DRAIN_HEAD = """
## How fast what has piled up is read

*a core* is readings by CPU time of the job, JVM and Python together: what a core of its own would do. The broker takes
its share of the same cores. The alert job is timed from its first warning to its last (1 reading in {hot_every} is
hot), a query of the pipeline from the end of its first batch to the end of its last.

| | n | readings/s | a core | aim, readings/s | met | memory | load |
|---|--:|--:|--:|--:|---|--:|--:|
"""

GROWTH_HEAD = """
## Growth

The alert job in Real-Time Mode with more partitions, the statistics with more sensors.

| | n | readings/s | a core | memory | load |
|---|--:|--:|--:|--:|--:|
"""

TITLES = {
    "latency_realtime": "Real-Time Mode (default)",
    "latency_micro_batch": "micro-batches (`--mode micro-batch`)",
    "windows": "statistics",
    "drain_realtime": "alerts, Real-Time Mode",
    "drain_micro_batch": "alerts, micro-batches",
    "drain_rejected": "rejected",
    "drain_enriched": "enriched",
    "drain_stats": "stats",
    "drain_incidents": "incidents",
    "drain_history": "history",
    "drain_all": "all five queries in one job",
    "partitions_1": "1 partition",
    "partitions_3": "3 partitions",
    "partitions_12": "12 partitions",
    "sensors_3": "3 sensors",
    "sensors_10000": "10,000 sensors",
}

Report = Mapping[str, Any]


def render(report: Report) -> str:
    """The whole page."""
    measured = report["measurements"]
    latencies, drains = _named(measured, "latency_"), _named(measured, "drain_")
    words = {
        **report["conditions"],
        "hot_every": HOT_EVERY,
        "lost": sum(one["figures"].get("lost", 0) for one in measured.values()),
        "repeated": sum(one["figures"].get("repeated", 0) for one in measured.values()),
    }
    return "".join(
        [
            HEAD.format(**words),
            *(_row(name, measured[name], [*_TIMES, _aims, _met, *_COSTS]) for name in latencies),
            WINDOWS_HEAD,
            *(_row(name, measured[name], [*_TIMES, _aims, _met, *_COSTS]) for name in _named(measured, "windows")),
            DRAIN_HEAD.format(**words),
            *(_row(name, measured[name], [*_RATES, _aims, _met, *_COSTS]) for name in drains),
            GROWTH_HEAD,
            *(_row(name, measured[name], [*_RATES, *_COSTS]) for name in _named(measured, "partitions_", "sensors_")),
        ]
    )


def _named(measured: Report, *beginnings: str) -> Iterable[str]:
    return [name for name in measured if name.startswith(beginnings)]


def _row(name: str, one: Report, cells: list[Any]) -> str:
    if one["error"] is not None:
        return f"| {TITLES[name]} | not measured: {' '.join(one['error'].split())[:120]} |{' |' * (len(cells) - 1)}\n"
    texts = [cell(one) if callable(cell) else _figure(one["figures"], *cell) for cell in cells]
    return f"| {TITLES[name]} | {' | '.join(texts)} |\n"


def _figure(figures: Report, name: str, unit: str) -> str:
    return f"{figures[name]:,}{unit}"


def _aims(one: Report) -> str:
    return ", ".join(f"{'≥' if t['limit'] == 'at least' else '≤'} {t['aim']:,}" for t in _aimed(one)) or "–"


def _met(one: Report) -> str:
    return ", ".join("yes" if target["aim_met"] else "no" for target in _aimed(one)) or "–"


def _aimed(one: Report) -> list[Report]:
    return [target for target in one["targets"] if target["aim"] is not None]


_TIMES = [("n", ""), ("p50_ms", " ms"), ("p99_ms", " ms"), ("max_ms", " ms")]
_RATES = [("n", ""), ("records_per_s", ""), ("records_per_cpu_s", "")]
_COSTS = [("peak_rss_mb", " MB"), ("load_before", "")]


if __name__ == "__main__":
    PAGE.write_text(render(json.loads(JSON.read_text())))
