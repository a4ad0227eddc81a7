from collections.abc import Iterator
from threading import Event

import pytest
from pyspark.sql import SparkSession
from suhu_jobs.errors import Unavailable
from suhu_jobs.events import EventLog
from suhu_jobs.settings import Mode
from suhu_jobs.slots import SlotRule, SparkSlots

REAL_TIME, MICRO_BATCH = Mode.REAL_TIME, Mode.MICRO_BATCH


class Cluster:
    """Has so many slots at each question; the last number stays."""

    def __init__(self, *slots: int) -> None:
        self.slots = list(slots)
        self.lines: list[str] = []
        self._time_s = 0.0

    def count(self) -> int:
        return self.slots.pop(0) if len(self.slots) > 1 else self.slots[0]

    def clock(self) -> float:
        """A second passes between two looks at it."""
        self._time_s += 1.0
        return self._time_s

    def words(self) -> list[str]:
        return [line.split(" ", 1)[1] for line in self.lines]


def rule(cluster: Cluster, patience_s: float = 0.0) -> SlotRule:
    return SlotRule(
        cluster.count, "spark://h:7077", _Impatient(), EventLog(cluster.lines.append), patience_s, cluster.clock
    )


class _Impatient(Event):
    """Never waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def questions(slots: SlotRule, running: Mode, partitions: int) -> Iterator[bool]:
    while True:
        yield slots.must_change(running, REAL_TIME, partitions)


def test_real_time_mode_does_not_begin_with_fewer_slots_than_partitions() -> None:
    with pytest.raises(Unavailable) as refusal:
        rule(Cluster(2)).choose(REAL_TIME, 3)
    assert str(refusal.value) == (
        "3 partitions need 3 task slots, but the master spark://h:7077 has 2; the others would silently not be read. "
        "Give more cores, or leave --master out on one machine"
    )


def test_executors_that_register_late_are_waited_for() -> None:
    assert rule(Cluster(0, 2, 2, 3), patience_s=60).choose(REAL_TIME, 3) is REAL_TIME


def test_micro_batches_begin_with_any_slot_but_not_without() -> None:
    assert rule(Cluster(1)).choose(MICRO_BATCH, 12) is MICRO_BATCH
    with pytest.raises(Unavailable, match="spark://h:7077 has no task slots for the job: start workers"):
        rule(Cluster(0)).choose(MICRO_BATCH, 12)


def test_a_loss_of_slots_is_said_at_once_and_answered_with_micro_batches_when_it_lasts() -> None:
    cluster = Cluster(4)
    slots = rule(cluster)
    assert slots.choose(REAL_TIME, 3) is REAL_TIME
    asked = questions(slots, REAL_TIME, 3)
    assert next(asked) is False
    cluster.slots = [2]
    assert [next(asked) for _ in range(6)] == [False, False, False, False, True, True]
    assert slots.choose(REAL_TIME, 3) is MICRO_BATCH
    assert cluster.words() == [
        'event="slots changed" slots=2 partitions=3',
        'event="too few slots" slots=2 partitions=3 action="micro-batches until there are enough"',
    ]


def test_slots_that_are_replaced_within_the_grace_change_nothing() -> None:
    cluster = Cluster(4)
    slots = rule(cluster)
    slots.choose(REAL_TIME, 3)
    cluster.slots = [2, 2, 2, 4]
    asked = questions(slots, REAL_TIME, 3)
    assert [next(asked) for _ in range(20)] == [False] * 20
    assert cluster.words() == [
        'event="slots changed" slots=2 partitions=3',
        'event="slots changed" slots=4 partitions=3',
    ]


def test_slots_that_come_back_bring_real_time_mode_back() -> None:
    cluster = Cluster(4)
    slots = rule(cluster)
    slots.choose(REAL_TIME, 3)
    cluster.slots = [2]
    assert slots.choose(REAL_TIME, 3) is MICRO_BATCH
    asked = questions(slots, MICRO_BATCH, 3)
    assert [next(asked) for _ in range(20)] == [False] * 20
    cluster.slots = [4]
    assert True in [next(asked) for _ in range(20)]
    assert slots.choose(REAL_TIME, 3) is REAL_TIME


def test_a_cluster_without_any_slot_left_ends_the_job_with_words() -> None:
    cluster = Cluster(4)
    slots = rule(cluster, patience_s=60)
    slots.choose(REAL_TIME, 3)
    cluster.slots = [0]
    asked = questions(slots, REAL_TIME, 3)
    assert True in [next(asked) for _ in range(20)]
    with pytest.raises(Unavailable, match="no task slots"):
        slots.choose(REAL_TIME, 3)


def test_slots_of_a_session_are_counted(spark: SparkSession) -> None:
    slots = SparkSlots(spark)
    assert (slots(), slots.master, slots.patience_s) == (9, "local[9]", 0.0)


class _Ended:
    """As much of a session as is asked when the master has ended its application."""

    master = "spark://h:7077"

    @property
    def sparkContext(self) -> "_Ended":  # noqa: N802 - Spark's names
        return self

    @property
    def _jsc(self) -> "_Ended":
        return self

    def sc(self) -> "_Ended":
        return self

    def isStopped(self) -> bool:  # noqa: N802 - Spark's name
        return True


def test_an_application_that_the_master_has_ended_is_over() -> None:
    with pytest.raises(Unavailable, match="the master spark://h:7077 has ended the job, whose executors failed again"):
        SparkSlots(_Ended())()  # type: ignore[arg-type]
