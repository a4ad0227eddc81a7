from prometheus_client import CollectorRegistry, Counter, Gauge

from suhu_jobs.pipeline.progress import Progress

_BY_QUERY = ("query",)


class Figures:
    """What the pipeline has done, by query, under the names of docs/spark-pipeline.md."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._rows_in = self._counter("suhu_pipeline_rows_read", "Records read from the readings topic")
        self._rows_out = self._counter("suhu_pipeline_rows_written", "Records written to the query's topic")
        self._rows_late = self._counter("suhu_pipeline_rows_late", "Readings left out because their window was closed")
        self._rows_untimed = self._counter("suhu_pipeline_rows_untimed", "Readings whose time cannot be meant")
        self._batches = self._counter("suhu_pipeline_batches", "Batches that went through")
        self._batch_s = self._counter("suhu_pipeline_batch_seconds", "Time spent in batches")
        self._restarts = self._counter("suhu_pipeline_query_restarts", "Starts after a failure")
        self._lag_records = self._gauge("suhu_pipeline_lag_records", "In the topic, and not read yet")
        self._lag_s = self._gauge("suhu_pipeline_lag_seconds", "Since the query had read everything; 0 if it has")
        self._up = self._gauge("suhu_pipeline_query_up", "Whether the query runs: 1 or 0")

    def take(self, progress: Progress, lag_s: float, _now_s: float) -> None:
        """Count a batch."""
        query = progress.query
        self._rows_in.labels(query).inc(progress.rows_in)
        self._rows_out.labels(query).inc(progress.rows_out)
        self._rows_late.labels(query).inc(progress.rows_late)
        self._rows_untimed.labels(query).inc(progress.rows_untimed)
        self._batches.labels(query).inc(progress.batches)
        self._batch_s.labels(query).inc(progress.batch_s)
        self._lag_records.labels(query).set(progress.lag_records)
        self._lag_s.labels(query).set(lag_s)

    def is_up(self, query: str, *, up: bool) -> None:
        """Note whether a query runs."""
        self._up.labels(query).set(int(up))

    def restarted(self, query: str) -> None:
        """Count a start after a failure."""
        self._restarts.labels(query).inc()

    def add_query(self, query: str) -> None:
        """Show a query's figures from the start, as zeros: a query that never ran is not one that is not there."""
        rows = (self._rows_in, self._rows_out, self._rows_late, self._rows_untimed)
        for figure in (*rows, self._batches, self._batch_s, self._restarts):
            figure.labels(query)
        for gauge in (self._lag_records, self._lag_s, self._up):
            gauge.labels(query)

    def _counter(self, name: str, words: str) -> Counter:
        return Counter(name, words, _BY_QUERY, registry=self.registry)

    def _gauge(self, name: str, words: str) -> Gauge:
        return Gauge(name, words, _BY_QUERY, registry=self.registry)
