"""`make bench-spark`: latency, speed, memory and growth of the Spark jobs, with Kafka on this machine.

One broker, spark-submit with a local master, records of some 120 bytes. It ends with 1 when a limit that must hold does
not; a full run also writes docs/spark-performance.md.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from confluent_kafka import KafkaException
from kafka.errors import KafkaError

from bench.conditions import conditions
from bench.result import Result, print_table, shortfalls
from bench.spark_load import alerts, pipeline
from bench.spark_load.page import PAGE, render
from bench.spark_load.readings import Preload
from bench.spark_load.scale import QUICK, Scale
from bench.spark_load.targets import verdicts
from bench.targets import Figures
from sandbox.errors import SandboxError
from sandbox.fetched import PROJECT
from sandbox.kafka import Kafka

OUT = PROJECT / "bench" / "out" / "spark.json"
WORK = PROJECT / "var" / "bench-spark"
REAL_TIME, MICRO_BATCH = "real-time", "micro-batch"

Measurement = Callable[[Path, Kafka], Figures]


class Preloads:
    """What has been preloaded into the broker so far; measurements of the same readings share them."""

    def __init__(self) -> None:
        self._written: set[Preload] = set()

    def there(self, kafka: Kafka, preload: Preload) -> Preload:
        """Write the readings unless they are there."""
        if preload not in self._written:
            preload.write(kafka)
            self._written.add(preload)
        return preload


def measurements(scale: Scale) -> Mapping[str, Measurement]:
    """All of them, by name."""
    preloads = Preloads()
    drained = Preload(scale.drained)

    def latency(mode: str) -> Measurement:
        return lambda work, kafka: alerts.measure_latency(work, kafka, mode, scale.latency_s)

    def alerts_drain(mode: str, preload: Preload) -> Measurement:
        return lambda work, kafka: alerts.measure_drain(work, kafka, mode, preloads.there(kafka, preload))

    def query_drain(*queries: str, preload: Preload = drained) -> Measurement:
        return lambda work, kafka: pipeline.measure_drain(work, kafka, queries, preloads.there(kafka, preload))

    return {
        "latency_realtime": latency(REAL_TIME),
        "latency_micro_batch": latency(MICRO_BATCH),
        "windows": lambda work, kafka: pipeline.measure_windows(work, kafka, scale.windows_s),
        "drain_realtime": alerts_drain(REAL_TIME, drained),
        "drain_micro_batch": alerts_drain(MICRO_BATCH, drained),
        **{f"drain_{query}": query_drain(query) for query in pipeline.QUERIES},
        "drain_all": query_drain(*pipeline.QUERIES, preload=Preload(scale.growth)),
        **{
            f"partitions_{count}": alerts_drain(REAL_TIME, Preload(scale.growth, partitions=count))
            for count in (1, 3, 12)
        },
        **{f"sensors_{count}": query_drain("stats", preload=Preload(scale.growth, count)) for count in (3, 10_000)},
    }


def run(chosen: Mapping[str, Measurement]) -> dict[str, Result]:
    """Measure one after the other; one that fails does not keep the others from running.

    Raises:
        SandboxError: Kafka does not start.
    """
    results: dict[str, Result] = {}
    with Kafka(WORK) as kafka:
        for name, measure in chosen.items():
            print(f"bench-spark: {name} ...", file=sys.stderr, flush=True)
            load = os.getloadavg()[0]
            try:
                figures = {**measure(WORK / name, kafka), "load_before": round(load, 2)}
                results[name] = Result(figures, verdicts(name, figures))
            except (SandboxError, KafkaError, KafkaException, OSError, ValueError) as error:
                results[name] = Result(error=str(error) or type(error).__name__)
    return results


def main() -> int:
    """Measure, write the JSON and the page, and print a table; 1 when a limit that must hold does not."""
    names = list(measurements(Scale()))
    parser = argparse.ArgumentParser(prog="make bench-spark", description="Latency and speed of the Spark jobs.")
    parser.add_argument("--only", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="small counts: does it run at all?")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    scale = QUICK if arguments.quick else Scale()
    chosen = {name: one for name, one in measurements(scale).items() if name in (arguments.only or names)}
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    before = conditions()
    try:
        results = run(chosen)
    except SandboxError as error:
        print(f"bench-spark: {error}", file=sys.stderr)
        return 1
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    measured = {name: asdict(result) for name, result in results.items()}
    report = {"measurements": measured, "scale": asdict(scale), "conditions": before}
    arguments.out.write_text(json.dumps(report, indent=2) + "\n")
    if not (arguments.quick or arguments.only):
        PAGE.write_text(render(report))
    print_table(results)
    if shortfall := shortfalls(results):
        print(f"bench-spark: {len(shortfall)} of the limits are not met:", *shortfall, sep="\n  ", file=sys.stderr)
    return 1 if shortfall else 0


if __name__ == "__main__":
    sys.exit(main())
