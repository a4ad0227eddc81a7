from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from suhu_jobs.alert import Alert
from suhu_jobs.supervision import Supervisor
from suhu_jobs.warner import VERDICTS, Warner


class AlertFigures:
    """What the alert job knows of itself, read from its parts when somebody asks: no warning pays for it.

    The names are those of docs/warnings.md. How far the query has read is not among them: in Real-Time Mode Spark
    tells that every five minutes.
    """

    def __init__(self, supervisor: Supervisor, warner: Warner) -> None:
        self._supervisor = supervisor
        self._warner = warner

    def registry(self) -> CollectorRegistry:
        """For `serve_metrics`."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterable[Metric]:
        """Called by prometheus_client, in a thread of the port's."""
        words = "Records of the alerts topic: printed, uncertain (printed, marked), and what was recognised or skipped."
        records = CounterMetricFamily("suhu_alerts_records", words, labels=("verdict",))
        for verdict in VERDICTS:
            records.add_metric((verdict,), self._warner.counts[verdict])
        yield records
        yield GaugeMetricFamily("suhu_alerts_query_up", "Whether the query runs: 1 or 0", float(self._supervisor.is_up))
        words = "Starts after a failure"
        yield CounterMetricFamily("suhu_alerts_query_restarts", words, self._supervisor.restarts)
        yield from self._places()
        if (newest := self._warner.newest) is not None:
            yield from _of_newest(*newest)

    def _places(self) -> Iterator[Metric]:
        next_offsets = GaugeMetricFamily(
            "suhu_alerts_next_offset", "How far the alerts topic is handled", labels=("partition",)
        )
        lags = GaugeMetricFamily("suhu_alerts_lag_records", "In the alerts topic, not handled", labels=("partition",))
        for partition, (next_offset, lag) in self._supervisor.places().items():
            next_offsets.add_metric((str(partition),), next_offset)
            if lag is not None:
                lags.add_metric((str(partition),), lag)
        yield from (next_offsets, lags)


def _of_newest(alert: Alert, printed_at_s: float) -> Iterator[Metric]:
    words = "Unix time at which the newest warning was printed"
    yield GaugeMetricFamily("suhu_alerts_last_warning_timestamp_seconds", words, printed_at_s)
    try:
        measured_at = datetime.fromisoformat(alert.measured_at or "")
    except ValueError:
        return
    if measured_at.tzinfo is None:  # nobody knows whose local time
        return
    words = "From its reading's own time to the printed line"
    yield GaugeMetricFamily("suhu_alerts_last_delay_seconds", words, printed_at_s - measured_at.timestamp())
