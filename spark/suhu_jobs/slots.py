from collections.abc import Callable
from threading import Event
from time import monotonic

from pyspark.sql import SparkSession

from suhu_jobs.errors import Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.session import is_local
from suhu_jobs.settings import Mode

EXECUTORS_PATIENCE_S = 60.0
GRACE_S = 5.0  # a cluster manager that can replace an executor has done it by then
ASK_S = 0.5


class SparkSlots:
    """The task slots of a session's executors."""

    def __init__(self, spark: SparkSession) -> None:
        self.master = str(spark.sparkContext.master)
        self._context = spark.sparkContext._jsc.sc()

    def __call__(self) -> int:
        """Count them; raises what `require_session` does."""
        self.require_session()
        profiles = self._context.resourceProfileManager()
        return int(self._context.maxNumConcurrentTasks(profiles.defaultResourceProfile()))

    def require_session(self) -> None:
        """See that there is a session that can have any.

        Raises:
            Unavailable: the cluster has ended the application; a new one needs a new process.
        """
        if self._context.isStopped():
            raise Unavailable(
                f"the master {self.master} has ended the job, whose executors failed again and again or were taken "
                "away: its log and the executors' say why; then start the job again, it goes on"
            )

    @property
    def patience_s(self) -> float:
        """How long to wait for executors."""
        return 0.0 if is_local(self.master) else EXECUTORS_PATIENCE_S


class SlotRule:
    """Decides in which mode the query runs with the task slots that there are.

    In Real-Time Mode each partition needs a slot of its own for as long as the query runs. Spark does not say so: with
    fewer slots it reads some of the partitions and ignores the others, also when an executor is lost on the way. So
    a job does not begin with too few, and one that loses some goes on in micro-batches, in which slots take turns.
    """

    def __init__(
        self,
        count: Callable[[], int],
        master: str,
        stop: Event,
        log: EventLog,
        patience_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Prepare; `count` asks for the slots there are now, and `patience_s` is how long to wait for the first."""
        self._count = count
        self._master = master
        self._stop = stop
        self._log = log
        self._patience_s = patience_s
        self._clock = clock
        self._begun = False
        self._misfit_since_s: float | None = None

    def choose(self, wanted: Mode, partitions: int) -> Mode:
        """Say in which mode to start the query now.

        Raises:
            Unavailable: too few slots for the first start, or none at all.
        """
        self._misfit_since_s = None
        needed = partitions if wanted is Mode.REAL_TIME and not self._begun else 1
        slots = self._await(needed)
        if self._stop.is_set():
            return wanted
        if slots < needed:
            raise Unavailable(self._refusal(slots, partitions, needed))
        self._begun = True
        fitting = _fitting(wanted, slots, partitions)
        if fitting is not wanted:
            action = "micro-batches until there are enough"
            self._log("too few slots", slots=slots, partitions=partitions, action=action)
        return fitting

    def must_change(self, running: Mode, wanted: Mode, partitions: int) -> bool:
        """Tell whether the slots have called for another mode for a while; cheap enough to ask twice a second."""
        slots = self._count()
        fits = slots > 0 and _fitting(wanted, slots, partitions) is running
        if fits is not (self._misfit_since_s is None):
            self._misfit_since_s = None if fits else self._clock()
            self._log("slots changed", slots=slots, partitions=partitions)
        return self._misfit_since_s is not None and self._clock() - self._misfit_since_s >= GRACE_S

    def _await(self, needed: int) -> int:
        deadline_s = self._clock() + self._patience_s
        while True:
            slots = self._count()
            if slots >= needed or self._clock() >= deadline_s or self._stop.wait(ASK_S):
                return slots

    def _refusal(self, slots: int, partitions: int, needed: int) -> str:
        if needed < partitions or slots == 0:
            return f"the master {self._master} has no task slots for the job: start workers, or see who has them"
        return (
            f"{partitions} partitions need {partitions} task slots, but the master {self._master} has "
            f"{slots}; the others would silently not be read. Give more cores, or leave --master out on one machine"
        )


def _fitting(wanted: Mode, slots: int, partitions: int) -> Mode:
    return wanted if slots >= partitions else Mode.MICRO_BATCH
