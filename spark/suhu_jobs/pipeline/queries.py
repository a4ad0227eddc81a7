"""Which queries the pipeline has: each an entry here, and nothing else, makes it one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame

from suhu_jobs.pipeline.judging import rejected
from suhu_jobs.pipeline.settings import PipelineSettings

BatchSink = Callable[
    [DataFrame, int], None
]  # a batch and its number, which grows; a batch that is run again has its own


@dataclass(frozen=True, slots=True)
class Query:
    """What is made of the judged records, and where it goes."""

    build: Callable[[DataFrame, PipelineSettings], DataFrame]  # of judged records; pure, see judging.judge
    # None: `build` gives Kafka records (key, value) for the topic that is named after the query.
    sink: Callable[[PipelineSettings], BatchSink] | None = None


QUERIES: Mapping[str, Query] = {
    "rejected": Query(lambda judged, _settings: rejected(judged)),
}
