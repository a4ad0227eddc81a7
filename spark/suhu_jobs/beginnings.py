"""Where reader and query begin: what ledger and checkpoint remember, held against the topics as they are now."""

from collections.abc import Callable

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger
from suhu_jobs.placement import Placement
from suhu_jobs.printing import shortest
from suhu_jobs.settings import AlertSettings
from suhu_jobs.topic_pair import TopicPair
from suhu_jobs.topics import Topics


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
        name, partitions = self._settings.alerts_topic, pair.alerts.partitions
        if known.get("alerts_topic_id") == pair.alerts.topic_id:
            if self._ledger.was_behind:
                self._log("state was not written", effect="alerts in the topic are printed marked as repeats")
                end = self._topics.next_offsets(name, partitions)
                self._ledger.set_positions(self._ledger.positions(), doubts=end)
            return
        if known:
            self._log("alerts topic recreated", topic=name, action="read from its beginning")
            self._ledger.set_positions(self._topics.first_offsets(name, partitions))
        elif self._checkpoint.begun() is False:
            # Alerts that stand there were written for other jobs; ours writes its own from its first reading on.
            self._ledger.set_positions(self._topics.next_offsets(name, partitions))
        else:
            self._log(
                "state missing", state=self._settings.state, effect="printing all alerts again, marked as repeats"
            )
            end = self._topics.next_offsets(name, partitions)
            self._ledger.set_positions(self._topics.first_offsets(name, partitions), doubts=end)
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

        Args:
            pair: the topics.
            catch_up: prints what the alerts topic holds for readings of the old topic.

        Returns:
            Spark's `startingOffsets`, which it looks at only without a checkpoint.
        """
        settings = self._settings

        def forget() -> None:
            catch_up()
            self._ledger.forget_marks(settings.topic)

        def warned_of() -> dict[int, int]:
            return {partition: offset + 1 for partition, offset in self._ledger.marks(settings.topic).items()}

        placement = Placement(
            settings.topic, settings.starting_offsets, self._topics, self._ledger, self._checkpoint, self._log
        )
        # In Real-Time Mode Spark gets stuck at a gap: it begins behind it, with a new checkpoint.
        return placement.place(pair.readings, forget=forget, also_read=warned_of).starting_offsets
