from typing import Any

from bench.spark_load.page import render

TIMES = {"n": 6000, "p50_ms": 4.1, "p99_ms": 31.5, "max_ms": 60.0, "peak_rss_mb": 580.2, "load_before": 0.4}
RATES = {"n": 3000000, "records_per_s": 120500, "records_per_cpu_s": 150000, "peak_rss_mb": 600.0, "load_before": 1.2}


def target(figure: str, aim: float | None, *, met: bool, at_least: bool = False) -> dict[str, Any]:
    return {"figure": figure, "aim": aim, "aim_met": met, "limit": "at least" if at_least else "at most"}


def measured(figures: dict[str, Any], *targets: dict[str, Any], error: str | None = None) -> dict[str, Any]:
    return {"figures": figures, "targets": list(targets), "error": error}


def lines() -> list[str]:
    conditions = {"cores": 2, "system": "Linux", "processor": "x86_64", "python": "3.11.7", "load_before": 0.3}
    report = {
        "conditions": {**conditions, "at": "2026-11-22T03:04:05Z"},
        "measurements": {
            "latency_realtime": measured(
                {**TIMES, "lost": 1, "repeated": 0},
                target("p50_ms", 8, met=True),
                target("p99_ms", 30, met=False),
                target("lost", None, met=False),
            ),
            "windows": measured(TIMES),
            "drain_realtime": measured(
                {**RATES, "lost": 0, "repeated": 2}, target("records_per_s", 100_000, met=True, at_least=True)
            ),
            "drain_stats": measured({}, error="pipeline: waited\n in vain"),
            "sensors_10000": measured(RATES),
        },
    }
    return render(report).splitlines()


def test_each_line_tells_its_count_figures_aims_and_whether_they_were_met() -> None:
    rows = [line for line in lines() if line.startswith("|") and "---" not in line and not line.startswith("| |")]
    assert rows == [
        "| Real-Time Mode (default) | 6,000 | 4.1 ms | 31.5 ms | 60.0 ms | ≤ 8, ≤ 30 | yes, no | 580.2 MB | 0.4 |",
        "| statistics | 6,000 | 4.1 ms | 31.5 ms | 60.0 ms | – | – | 580.2 MB | 0.4 |",
        "| alerts, Real-Time Mode | 3,000,000 | 120,500 | 150,000 | ≥ 100,000 | yes | 600.0 MB | 1.2 |",
        "| stats | not measured: pipeline: waited in vain | | | | | | |",
        "| 10,000 sensors | 3,000,000 | 120,500 | 150,000 | 600.0 MB | 1.2 |",
    ]


def test_the_machine_and_what_was_lost_or_repeated_are_told() -> None:
    page = "\n".join(lines())
    assert "on a machine with 2 cores (Linux, x86_64, Python 3.11.7), on 2026-11-22T03:04:05Z" in page
    assert "1 lines were missing and 2 printed twice" in page
