from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from prometheus_client import generate_latest
from suhu_jobs.alert import Alert
from suhu_jobs.alert_figures import AlertFigures

PRINTED_AT_S = datetime(2026, 11, 22, 3, 4, 5, 750_000, tzinfo=UTC).timestamp()


@dataclass
class Job:
    """What the figures are read from: supervisor and warner in one."""

    is_up: bool = True
    restarts: int = 2
    counts: Counter[str] = field(default_factory=lambda: Counter(printed=40, resent=3))
    newest: tuple[Alert, float] | None = None

    def places(self) -> dict[int, tuple[int, int | None]]:
        return {0: (41, 0), 1: (2, 5), 2: (0, None)}


def told(job: Job) -> list[str]:
    text = generate_latest(AlertFigures(job, job).registry()).decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def alert(measured_at: str | None) -> Alert:
    return Alert("readings", 0, 7, "S1", 81.0, 80.0, measured_at, None)


def test_everything_is_told_by_name() -> None:
    assert told(Job(newest=(alert("2026-11-22T03:04:05.500Z"), PRINTED_AT_S))) == [
        'suhu_alerts_records_total{verdict="printed"} 40.0',
        'suhu_alerts_records_total{verdict="uncertain"} 0.0',
        'suhu_alerts_records_total{verdict="replayed"} 0.0',
        'suhu_alerts_records_total{verdict="resent"} 3.0',
        'suhu_alerts_records_total{verdict="foreign"} 0.0',
        'suhu_alerts_records_total{verdict="unreadable"} 0.0',
        "suhu_alerts_query_up 1.0",
        "suhu_alerts_query_restarts_total 2.0",
        'suhu_alerts_next_offset{partition="0"} 41.0',
        'suhu_alerts_next_offset{partition="1"} 2.0',
        'suhu_alerts_next_offset{partition="2"} 0.0',
        'suhu_alerts_lag_records{partition="0"} 0.0',
        'suhu_alerts_lag_records{partition="1"} 5.0',
        "suhu_alerts_last_warning_timestamp_seconds 1.79531664575e+09",
        "suhu_alerts_last_delay_seconds 0.25",
    ]


@pytest.mark.parametrize("measured_at", [None, "yesterday", "0001-01-01T00:00:00", "+292278994-08-17T07:12:55.807Z"])
def test_a_reading_without_a_usable_time_has_no_delay(measured_at: str | None) -> None:
    lines = told(Job(is_up=False, newest=(alert(measured_at), PRINTED_AT_S)))
    assert "suhu_alerts_query_up 0.0" in lines
    assert lines[-1].startswith("suhu_alerts_last_warning_timestamp_seconds ")


def test_before_the_first_warning_there_is_no_time_of_it() -> None:
    assert not any("last" in line for line in told(Job()))
