from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
    StreamingQueryProgress,
)

from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.statistic import LATE, UNTIMED

SAID_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """What one batch of a query did, or several together."""

    query: str
    rows_in: int
    rows_out: int  # of a topic; what a sink of our own writes, it counts itself
    rows_late: int  # left out because their window had been closed
    rows_untimed: int  # left out because their time cannot be meant
    lag_records: int  # in the topic and not yet read, when the last batch was planned
    batches: int
    batch_s: float  # together

    def __add__(self, later: "Progress") -> "Progress":
        """Both together."""
        return replace(
            later,
            rows_in=self.rows_in + later.rows_in,
            rows_out=self.rows_out + later.rows_out,
            rows_late=self.rows_late + later.rows_late,
            rows_untimed=self.rows_untimed + later.rows_untimed,
            batches=self.batches + later.batches,
            batch_s=self.batch_s + later.batch_s,
        )


class Lag:
    """How long ago a query had last read everything there was."""

    def __init__(self) -> None:
        self._caught_up_s: dict[str, float] = {}

    def after(self, progress: Progress, now_s: float) -> float:
        """The lag in seconds once this batch is through; 0 when nothing is left."""
        if progress.lag_records == 0 or progress.query not in self._caught_up_s:
            self._caught_up_s[progress.query] = now_s
        return now_s - self._caught_up_s[progress.query]


class ProgressLog:
    """One line per query when it begins to have something to do, then one a minute, as long as it has."""

    def __init__(self, log: EventLog, every_s: float = SAID_EVERY_S) -> None:
        self._log = log
        self._every_s = every_s
        self._untold: dict[str, Progress] = {}
        self._told_s: dict[str, float] = {}

    def take(self, progress: Progress, lag_s: float, now_s: float) -> None:
        """Add a batch to what is told next, and tell it when it is due."""
        untold = self._untold.get(progress.query)
        total = progress if untold is None else untold + progress
        self._untold[progress.query] = total
        told_s = self._told_s.get(progress.query)
        if total.rows_in == total.rows_out == total.rows_late == total.rows_untimed == 0:
            return
        if told_s is not None and now_s < told_s + self._every_s:
            return
        self._told_s[progress.query] = now_s
        del self._untold[progress.query]
        self._log(
            "query progress",
            query=total.query,
            rows_in=total.rows_in,
            rows_out=total.rows_out,
            rows_late=total.rows_late,
            rows_untimed=total.rows_untimed,
            lag_records=total.lag_records,
            lag_s=lag_s,
            batches=total.batches,
            batch_s=total.batch_s / total.batches,
        )


class ProgressListener(StreamingQueryListener):
    """Hands on what Spark says after each batch; called in a thread of Spark's."""

    def __init__(self, take: Callable[[Progress, float, float], None]) -> None:
        """Hand each batch, the lag in seconds after it and the time to `take`."""
        self._take = take
        self._lag = Lag()

    def onQueryStarted(self, event: QueryStartedEvent) -> None:  # noqa: N802 - Spark calls it by this name
        """Nothing: the supervisor knows."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:  # noqa: N802 - Spark calls it by this name
        """A batch is through."""
        progress, now_s = read_progress(event.progress), monotonic()
        self._take(progress, self._lag.after(progress, now_s), now_s)

    def onQueryIdle(self, event: QueryIdleEvent) -> None:  # noqa: N802 - Spark calls it by this name
        """Nothing: there is nothing to do."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:  # noqa: N802 - Spark calls it by this name
        """Nothing: the supervisor knows."""


def read_progress(told: StreamingQueryProgress) -> Progress:
    """Take from Spark's report what is ours."""
    lags = (source.metrics.get("maxOffsetsBehindLatest", "0") for source in told.sources)
    return Progress(
        query=told.name or "",
        rows_in=told.numInputRows,
        rows_out=max(told.sink.numOutputRows, 0),  # -1: a sink that does not tell
        rows_late=_observed(told, LATE),
        rows_untimed=_observed(told, UNTIMED),
        lag_records=sum(int(float(lag)) for lag in lags),
        batches=1,
        batch_s=told.durationMs.get("triggerExecution", 0) / 1000,
    )


def _observed(told: StreamingQueryProgress, name: str) -> int:
    """What a query counts of a batch besides Spark's own numbers, with `DataFrame.observe`."""
    return sum(row.asDict().get(name, 0) for row in told.observedMetrics.values())
