import json

from pyspark.sql.streaming.listener import StreamingQueryProgress
from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.progress import Lag, Progress, ProgressLog, read_progress

ONE = Progress("stats", rows_in=10, rows_out=3, rows_late=1, rows_untimed=2, lag_records=0, batches=1, batch_s=0.5)
IDLE = Progress("stats", rows_in=0, rows_out=0, rows_late=0, rows_untimed=0, lag_records=0, batches=1, batch_s=0.1)


def _behind(lag_records: int) -> Progress:
    return Progress("stats", 10, 3, 0, 0, lag_records, 1, 0.5)


def test_lag_is_the_time_since_the_query_had_read_everything() -> None:
    lag = Lag()
    assert lag.after(ONE, 100.0) == 0.0
    assert lag.after(_behind(7), 103.0) == 3.0
    assert lag.after(_behind(900), 110.5) == 10.5
    assert lag.after(ONE, 112.0) == 0.0


def test_lag_of_one_query_says_nothing_of_another() -> None:
    lag = Lag()
    lag.after(_behind(5), 100.0)
    assert lag.after(Progress("history", 1, 0, 0, 0, 5, 1, 0.1), 150.0) == 0.0


def test_a_query_that_begins_to_work_says_so_and_then_sums_up_once_a_minute() -> None:
    lines: list[str] = []
    log = ProgressLog(EventLog(lambda line: lines.append(line.split(" ", 1)[1])))
    for now_s in (0.0, 1.0, 59.9, 60.0):
        log.take(ONE, 0.0, now_s)
    start = 'event="query progress" query=stats'
    assert lines == [
        f"{start} rows_in=10 rows_out=3 rows_late=1 rows_untimed=2 lag_records=0 lag_s=0 batches=1 batch_s=0.5",
        f"{start} rows_in=30 rows_out=9 rows_late=3 rows_untimed=6 lag_records=0 lag_s=0 batches=3 batch_s=0.5",
    ]


def test_an_idle_query_is_silent() -> None:
    lines: list[str] = []
    log = ProgressLog(EventLog(lines.append))
    for now_s in (0.0, 60.0, 120.0):
        log.take(IDLE, 0.0, now_s)
    assert lines == []


def test_what_spark_reports_is_read() -> None:
    told = {
        "id": "7a1b2c3d-0000-0000-0000-000000000000",
        "runId": "7a1b2c3d-0000-0000-0000-000000000001",
        "name": "stats",
        "timestamp": "2026-11-22T03:04:05.678Z",
        "batchId": 4,
        "batchDuration": 250,
        "numInputRows": 43,
        "inputRowsPerSecond": 1.0,
        "processedRowsPerSecond": 1.0,
        "durationMs": {"triggerExecution": 250},
        "stateOperators": [],
        "sources": [
            {
                "description": "KafkaV2[Subscribe[sensor-suhu]]",
                "startOffset": "{}",
                "endOffset": "{}",
                "latestOffset": "{}",
                "numInputRows": 43,
                "inputRowsPerSecond": 1.0,
                "processedRowsPerSecond": 1.0,
                "metrics": {"maxOffsetsBehindLatest": "17", "avgOffsetsBehindLatest": "9.5"},
            }
        ],
        "sink": {"description": "ForeachBatchSink", "numOutputRows": -1},
        "observedMetrics": {"stats": {"late": 3, "untimed": 4}, "other": {"rows": 9}},
    }
    progress = read_progress(StreamingQueryProgress.fromJson(json.loads(json.dumps(told))))
    assert progress == Progress("stats", 43, 0, rows_late=3, rows_untimed=4, lag_records=17, batches=1, batch_s=0.25)
