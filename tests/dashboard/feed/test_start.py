from collections.abc import Iterable

from kafka import TopicPartition

from dashboard.feed.start import Start, starts

NOW_MS = 1_795_348_800_000
READINGS, ALERTS = TopicPartition("r", 0), TopicPartition("r-alerts", 0)


class Offsets:
    """A topic whose every partition has one record a second, up to now; its first is offset `first`."""

    def __init__(self, first: int, end: int) -> None:
        self._first, self._end = first, end

    def beginnings(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self._first)

    def ends(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, self._end)

    def at(self, partitions: Iterable[TopicPartition], time_ms: int) -> dict[TopicPartition, int | None]:
        found = self._end - (NOW_MS - time_ms) // 1000
        return dict.fromkeys(partitions, max(found, self._first) if found < self._end else None)


def begin(offsets: Offsets, *partitions: TopicPartition) -> dict[TopicPartition, Start]:
    return starts(offsets, partitions, "r", NOW_MS)  # type: ignore[arg-type]  # answers what is asked of a Reader


def test_the_newest_first_and_the_hour_before_it() -> None:
    assert begin(Offsets(0, 100_000), READINGS)[READINGS] == Start(hour=96_400, tail=99_985, end=100_000)


def test_of_other_topics_the_newest_only() -> None:
    assert begin(Offsets(0, 100_000), ALERTS)[ALERTS] == Start(hour=96_000, tail=96_000, end=100_000)


def test_what_was_deleted_is_not_asked_for() -> None:
    assert begin(Offsets(99_990, 100_000), READINGS)[READINGS] == Start(hour=99_990, tail=99_990, end=100_000)


def test_an_empty_partition_begins_at_its_end() -> None:
    class Empty(Offsets):
        def at(self, partitions: Iterable[TopicPartition], time_ms: int) -> dict[TopicPartition, int | None]:
            return dict.fromkeys(partitions)

    assert begin(Empty(7, 7), READINGS)[READINGS] == Start(hour=7, tail=7, end=7)


def test_of_a_topic_that_is_silent_the_newest_records_are_read_however_old() -> None:
    class Old(Offsets):
        def at(self, partitions: Iterable[TopicPartition], time_ms: int) -> dict[TopicPartition, int | None]:
            return dict.fromkeys(partitions)  # nothing is as new as that

    assert begin(Old(0, 5_000), READINGS)[READINGS] == Start(hour=3_000, tail=5_000, end=5_000)


def test_a_fast_topic_is_bounded_by_its_records() -> None:
    class Fast(Offsets):
        def at(self, partitions: Iterable[TopicPartition], time_ms: int) -> dict[TopicPartition, int | None]:
            return dict.fromkeys(partitions, 0)  # everything is of this second

    halves = [TopicPartition("r", number) for number in range(2)]
    assert begin(Fast(0, 9_000_000), *halves)[halves[0]] == Start(hour=8_500_000, tail=8_998_000, end=9_000_000)
