"""Where reader and query begin: what ledger and checkpoint remember, held against the topics as they are now."""

import json
from collections.abc import Callable, Mapping

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger
from suhu_jobs.printing import shortest
from suhu_jobs.settings import AlertSettings
from suhu_jobs.topic_pair import TopicPair
from suhu_jobs.topics import Topics

_STARTING_OFFSETS = "starting_offsets"  # a fact that outlives a kill between moving a checkpoint aside and the new one


class Beginnings:
    """Prepares a start or restart, so that no warning is lost in silence and none repeated without need."""

    def __init__(
        self, settings: AlertSettings, topics: Topics, ledger: Ledger, checkpoint: Checkpoint, log: EventLog
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._ledger = ledger
        self._checkpoint = checkpoint
        self._log = log

    def check_same_job(self) -> None:
        """See that ledger and checkpoint belong to a job with these options.

        Raises:
            ConfigError: they belong to another one; what it has printed says nothing about this one.
        """
        known = self._ledger.facts()
        for option, name, wanted in (
            ("--topic", "topic", self._settings.topic),
            ("--alerts-topic", "alerts_topic", self._settings.alerts_topic),
            ("--threshold", "threshold_celsius", shortest(self._settings.threshold_celsius)),
        ):
            if known.get(name, wanted) != wanted:
                raise ConfigError(
                    f"the state in {self._settings.state} belongs to a job with {option} {known[name]}, not {wanted}: "
                    "give the old value, or another --checkpoint (and --starting-offsets latest, unless the readings "
                    "that are there already shall be warned of, too)"
                )

    def place_reader(self, pair: TopicPair) -> None:
        """Set the ledger's positions on the alerts topic where the topic is not the one they were noted for."""
        known = self._ledger.facts()
        if known.get("alerts_topic_id") == pair.alerts.topic_id:
            return
        name, partitions = self._settings.alerts_topic, pair.alerts.partitions
        if known:
            self._log("alerts topic recreated", topic=name, action="read from its beginning")
        if not known and self._checkpoint.begun() is False:
            # Alerts that stand there were written for other jobs; ours writes its own from its first reading on.
            positions = self._topics.next_offsets(name, partitions)
        else:
            if not known:
                self._log("state missing", state=self._settings.state, effect="printing all alerts in the topic again")
            positions = self._topics.first_offsets(name, partitions)
        self._ledger.set_positions(positions)
        self._ledger.put_facts(
            {
                "topic": self._settings.topic,
                "alerts_topic": name,
                "threshold_celsius": shortest(self._settings.threshold_celsius),
                "alerts_topic_id": pair.alerts.topic_id,
            }
        )

    def place_query(self, pair: TopicPair, catch_up: Callable[[], None]) -> str:
        """Hold the checkpoint's offsets against the readings topic; begin anew where they mean nothing any more.

        Spark would go on past readings that are gone without a word, and in Real-Time Mode get stuck there.

        Args:
            pair: the topics.
            catch_up: prints what the alerts topic holds for readings of the old topic.

        Returns:
            Spark's `startingOffsets`, which it looks at only without a checkpoint.
        """
        name = self._settings.topic
        facts = self._ledger.facts()
        begins = self._checkpoint.next_offsets(name)
        first = self._topics.first_offsets(name, pair.readings.partitions)
        end = self._topics.next_offsets(name, pair.readings.partitions)
        starting_offsets = "" if begins else facts.get(_STARTING_OFFSETS, "")
        if facts.get("readings_topic_id", pair.readings.topic_id) != pair.readings.topic_id:
            starting_offsets = self._start_over("readings topic recreated", catch_up)
        elif self._beyond(end, begins):
            starting_offsets = self._start_over("readings topic truncated", catch_up)
        elif any(offset < first.get(partition, 0) for partition, offset in begins.items()):
            starting_offsets = self._step_over_gap(begins, first)
        self._ledger.put_facts({"readings_topic_id": pair.readings.topic_id, _STARTING_OFFSETS: starting_offsets})
        return starting_offsets or self._settings.starting_offsets

    def _start_over(self, event: str, catch_up: Callable[[], None]) -> str:
        catch_up()
        # The marks go first: after a kill in between, all is found again as it was now.
        self._ledger.forget_marks(self._settings.topic)
        self._ledger.put_facts({_STARTING_OFFSETS: "earliest"})
        aside = self._checkpoint.start_over()
        self._log(event, topic=self._settings.topic, action="reading from the beginning", old_checkpoint=aside)
        return "earliest"

    def _step_over_gap(self, begins: Mapping[int, int], first: Mapping[int, int]) -> str:
        for partition, offset in sorted(begins.items()):
            if offset < first[partition]:
                # At most: since the checkpoint was written some may have been read all the same.
                at_most = first[partition] - offset
                self._log("readings lost", partition=partition, at_most=at_most, reason="deleted before they were read")
        onward = {str(partition): max(offset, begins.get(partition, 0)) for partition, offset in first.items()}
        starting_offsets = json.dumps({self._settings.topic: onward})
        self._ledger.put_facts({_STARTING_OFFSETS: starting_offsets})
        self._checkpoint.start_over()
        return starting_offsets

    def _beyond(self, end: Mapping[int, int], begins: Mapping[int, int]) -> bool:
        """Tell whether readings were read, or warned of, that the topic does not hold yet."""
        warned_of = {partition: offset + 1 for partition, offset in self._ledger.marks(self._settings.topic).items()}
        return any(
            offset > end.get(partition, 0) for known in (begins, warned_of) for partition, offset in known.items()
        )
