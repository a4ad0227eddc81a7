"""Which queries the pipeline has: each an entry here, and nothing else, makes it one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from suhu_jobs.events import EventLog
from suhu_jobs.history.writer import HistoryWriter
from suhu_jobs.pipeline.enriched import EnrichedSink, rate
from suhu_jobs.pipeline.incidents import INCIDENT_SCHEMA, IncidentLimits, Incidents
from suhu_jobs.pipeline.judging import accepted, rejected
from suhu_jobs.pipeline.keeping import kept
from suhu_jobs.pipeline.per_sensor import fold_stream
from suhu_jobs.pipeline.records import incident_records
from suhu_jobs.pipeline.settings import PipelineSettings
from suhu_jobs.pipeline.stats import stats

# Takes a batch and its number, which grows; a batch that is run again has its own.
BatchSink = Callable[[DataFrame, int], None]


@dataclass(frozen=True, slots=True)
class Query:
    """What is made of the judged records, and where it goes."""

    build: Callable[[DataFrame, PipelineSettings], DataFrame]  # of judged records; pure, see judging.judge
    # None: `build` gives Kafka records (key, value) for the topic that is named after the query.
    sink: Callable[[PipelineSettings, EventLog], BatchSink] | None = None
    sink_writes_topic: bool = False  # the one that is named after the query

    @property
    def writes_topic(self) -> bool:
        """Whether there must be a topic that is named after the query."""
        return self.sink is None or self.sink_writes_topic


QUERIES: Mapping[str, Query] = {
    "rejected": Query(lambda judged, _settings: rejected(judged)),
    "enriched": Query(lambda judged, _settings: rate(accepted(judged)), sink=EnrichedSink, sink_writes_topic=True),
    "stats": Query(lambda judged, settings: stats(accepted(judged), settings)),
    "incidents": Query(lambda judged, settings: _incidents(accepted(judged), settings)),
    "history": Query(
        lambda judged, _settings: kept(accepted(judged)),
        sink=lambda settings, log: HistoryWriter(settings.history, log),
    ),
}


def _incidents(readings: DataFrame, settings: PipelineSettings) -> DataFrame:
    limits = IncidentLimits(
        hot_above_celsius=settings.hot_above_celsius,
        cool_below_celsius=settings.cool_below_celsius,
        silent_after_s=settings.silent_after_s,
        fast_celsius_per_min=settings.fast_heating_celsius_per_min,
    )
    return incident_records(fold_stream(readings, Incidents(limits), INCIDENT_SCHEMA))
