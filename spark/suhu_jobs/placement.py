"""Where a query begins: what its checkpoint remembers, held against the topic as it is now."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.events import EventLog
from suhu_jobs.topics import Topic, Topics

_TOPIC_ID = "readings_topic_id"
_STARTING_OFFSETS = "starting_offsets"  # a fact that outlives a kill between moving a checkpoint aside and the new one


class Facts(Protocol):
    """A few words that outlive the process: the ledger of warnings, or a file of a query."""

    def facts(self) -> dict[str, str]:
        """What was put last, by name."""

    def put_facts(self, facts: Mapping[str, str]) -> None:
        """Keep these, beside what is there under other names."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a query is to be started."""

    starting_offsets: str  # Spark's; it looks at them only without a checkpoint
    steps_over_gap: bool = False  # the checkpoint stands before the oldest record there is: Spark must be told to go on


class Placement:
    """Places a query so that nothing is lost in silence: Spark would pass what is gone without a word."""

    def __init__(
        self, topic: str, starting_offsets: str, topics: Topics, facts: Facts, checkpoint: Checkpoint, log: EventLog
    ) -> None:
        self._topic = topic
        self._starting_offsets = starting_offsets
        self._topics = topics
        self._facts = facts
        self._checkpoint = checkpoint
        self._log = log

    def place(
        self,
        readings: Topic,
        *,
        forget: Callable[[], None] = lambda: None,
        also_read: Callable[[], Mapping[int, int]] = dict,
        keeps_state: bool = False,
    ) -> Start:
        """Hold the checkpoint's offsets against the topic; begin anew where they mean nothing any more.

        Args:
            readings: the topic as it is now.
            forget: called before a query begins anew, to forget what else was known of the old topic's records.
            also_read: the next offsets that are known from elsewhere, of each partition.
            keeps_state: whether to step over a gap with the old checkpoint, because more than offsets is in it.
        """
        facts = self._facts.facts()
        begins = self._checkpoint.next_offsets(self._topic)
        first = self._topics.first_offsets(self._topic, readings.partitions)
        end = self._topics.next_offsets(self._topic, readings.partitions)
        known_read = also_read()
        start = Start("" if begins else facts.get(_STARTING_OFFSETS, ""))
        if facts.get(_TOPIC_ID, readings.topic_id) != readings.topic_id:
            start = self._start_over("readings topic recreated", forget)
        elif _beyond(end, begins) or _beyond(end, known_read):
            start = self._start_over("readings topic truncated", forget)
        elif any(offset < first.get(partition, 0) for partition, offset in begins.items()):
            self._tell_gap(begins, known_read, first)
            start = Start("", steps_over_gap=True) if keeps_state else self._begin_after_gap(begins, first)
        self._facts.put_facts({_TOPIC_ID: readings.topic_id, _STARTING_OFFSETS: start.starting_offsets})
        return Start(start.starting_offsets or self._starting_offsets, start.steps_over_gap)

    def has_gap(self, readings: Topic) -> bool:
        """Tell whether the checkpoint still stands before the oldest record there is."""
        first = self._topics.first_offsets(self._topic, readings.partitions)
        begins = self._checkpoint.next_offsets(self._topic)
        return any(offset < first.get(partition, 0) for partition, offset in begins.items())

    def _start_over(self, event: str, forget: Callable[[], None]) -> Start:
        # What is known goes first: after a kill in between, all is found again as it was now.
        forget()
        self._facts.put_facts({_STARTING_OFFSETS: "earliest"})
        aside = self._checkpoint.start_over()
        self._log(
            event,
            query=self._checkpoint.query,
            topic=self._topic,
            action="reading from the beginning",
            old_checkpoint=aside,
        )
        return Start("earliest")

    def _tell_gap(self, begins: Mapping[int, int], known_read: Mapping[int, int], first: Mapping[int, int]) -> None:
        for partition, offset in sorted(begins.items()):
            # At most: since the checkpoint was written, and since what else is known, some may have been read.
            at_most = first[partition] - max(offset, known_read.get(partition, 0))
            if at_most > 0:
                self._log(
                    "readings lost",
                    query=self._checkpoint.query,
                    partition=partition,
                    at_most=at_most,
                    reason="deleted before they were read",
                )

    def _begin_after_gap(self, begins: Mapping[int, int], first: Mapping[int, int]) -> Start:
        onward = {str(partition): max(offset, begins.get(partition, 0)) for partition, offset in first.items()}
        starting_offsets = json.dumps({self._topic: onward})
        self._facts.put_facts({_STARTING_OFFSETS: starting_offsets})
        self._checkpoint.start_over()
        return Start(starting_offsets)


def _beyond(end: Mapping[int, int], known: Mapping[int, int]) -> bool:
    """Tell whether records were read that the topic does not hold yet."""
    return any(offset > end.get(partition, 0) for partition, offset in known.items())
