from prometheus_client import generate_latest
from suhu_jobs.pipeline.figures import Figures
from suhu_jobs.pipeline.progress import Progress


def _lines(figures: Figures) -> list[str]:
    text = generate_latest(figures.registry).decode()
    return [line for line in text.splitlines() if not line.startswith("#") and "_created" not in line]


def test_a_query_is_there_before_it_has_done_anything() -> None:
    figures = Figures()
    figures.add_query("stats")
    assert 'suhu_pipeline_query_up{query="stats"} 0.0' in _lines(figures)
    assert 'suhu_pipeline_rows_read_total{query="stats"} 0.0' in _lines(figures)


def test_batches_add_up_and_lag_is_the_newest() -> None:
    figures = Figures()
    figures.take(Progress("stats", 10, 3, 1, 2, 500, 1, 0.5), 4.0, 0.0)
    figures.take(Progress("stats", 20, 6, 0, 0, 0, 1, 0.25), 0.0, 1.0)
    figures.is_up("stats", up=True)
    figures.restarted("stats")
    assert sorted(_lines(figures)) == [
        'suhu_pipeline_batch_seconds_total{query="stats"} 0.75',
        'suhu_pipeline_batches_total{query="stats"} 2.0',
        'suhu_pipeline_lag_records{query="stats"} 0.0',
        'suhu_pipeline_lag_seconds{query="stats"} 0.0',
        'suhu_pipeline_query_restarts_total{query="stats"} 1.0',
        'suhu_pipeline_query_up{query="stats"} 1.0',
        'suhu_pipeline_rows_late_total{query="stats"} 1.0',
        'suhu_pipeline_rows_read_total{query="stats"} 30.0',
        'suhu_pipeline_rows_untimed_total{query="stats"} 2.0',
        'suhu_pipeline_rows_written_total{query="stats"} 9.0',
    ]
