import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from suhu_jobs.alert import Alert
from suhu_jobs.beginnings import Beginnings
from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.errors import ConfigError
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger, Verdict
from suhu_jobs.settings import parse_settings
from suhu_jobs.topic_pair import TopicPair
from suhu_jobs.topics import Topic

from tests.spark.fake_topics import FakeTopics

PAIR = TopicPair(Topic("r1", 2), Topic("a1", 2))
NEW_READINGS = TopicPair(Topic("r2", 2), Topic("a1", 2))
NEW_ALERTS = TopicPair(Topic("r1", 2), Topic("a2", 2))


class Place:
    """A state directory, a checkpoint and brokers, all empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.topics = FakeTopics()
        self.ledger = Ledger(directory / "printed")
        self.words: list[str] = []
        self.caught_up = 0

    def start(self, pair: TopicPair = PAIR, *arguments: str) -> str:
        """Do what every start of the job does; return where Spark would begin without a checkpoint."""
        settings = parse_settings(["--checkpoint", str(self.directory), *arguments])
        checkpoint = Checkpoint(settings.checkpoint)
        beginnings = Beginnings(settings, self.topics, self.ledger, checkpoint, EventLog(self.words.append))
        beginnings.check_same_job()
        beginnings.place_reader(pair)
        return beginnings.place_query(pair, self._catch_up)

    def run_query(self, begins: dict[str, int]) -> None:
        """Leave what a running query leaves behind."""
        path = self.directory / "query" / "sources" / "0" / "0"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("v1\n" + json.dumps({"sensor-suhu": begins}))
        (self.directory / "query" / "metadata").touch()

    def events(self) -> list[str]:
        return [line.split('event="')[1].split('"')[0] for line in self.words]

    def _catch_up(self) -> None:
        self.caught_up += 1


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.ledger.close()


def _alert(offset: int) -> Alert:
    return Alert("sensor-suhu", 0, offset, "S1", 83.4, 80.0, None, None)


def test_a_first_start_leaves_the_alerts_of_other_jobs_alone(place: Place) -> None:
    place.topics.next["sensor-suhu-alerts"] = {0: 7, 1: 9}
    assert place.start() == "earliest"
    assert place.ledger.positions() == {0: 7, 1: 9}
    assert place.words == []


def test_a_first_start_may_begin_with_the_latest_reading(place: Place) -> None:
    assert place.start(PAIR, "--starting-offsets", "latest") == "latest"


def test_a_lost_state_prints_again_rather_than_too_little_and_marks_it(place: Place) -> None:
    place.run_query({"0": 0, "1": 0})
    place.topics.first["sensor-suhu-alerts"] = {0: 2, 1: 0}
    place.topics.next["sensor-suhu-alerts"] = {0: 5, 1: 0}
    place.start()
    assert place.ledger.positions() == {0: 2, 1: 0}
    assert place.events() == ["state missing"]
    assert place.ledger.judge(_alert(40), 0, 4) is Verdict.UNCERTAIN
    assert place.ledger.judge(_alert(41), 0, 5) is Verdict.NEW
    assert place.ledger.judge(_alert(42), 1, 0) is Verdict.NEW


def test_after_a_life_that_could_not_write_its_state_what_the_topic_holds_is_marked(place: Place) -> None:
    place.start()
    place.ledger.advance(0, 3)
    place.ledger.close()
    (place.directory / "printed" / "behind").write_text("1")
    place.topics.next["sensor-suhu-alerts"] = {0: 5, 1: 2}
    place.ledger = Ledger(place.directory / "printed")
    place.start()
    assert place.ledger.positions() == {0: 3, 1: 0}
    assert place.events() == ["state was not written"]
    assert place.ledger.judge(_alert(40), 0, 4) is Verdict.UNCERTAIN
    assert place.ledger.judge(_alert(41), 0, 5) is Verdict.NEW
    place.ledger.close()
    place.ledger = Ledger(place.directory / "printed")
    place.start()
    assert place.events() == ["state was not written"]  # that was of the last start but one
    assert place.ledger.judge(_alert(40), 0, 4) is Verdict.UNCERTAIN  # and is still in doubt


def test_a_restart_keeps_positions_and_marks(place: Place) -> None:
    place.start()
    place.run_query({"0": 0, "1": 0})
    place.topics.next = {"sensor-suhu": {0: 50, 1: 50}, "sensor-suhu-alerts": {0: 40, 1: 40}}
    place.ledger.advance(0, 13)
    place.ledger.mark(_alert(12))
    place.start()
    assert place.ledger.positions()[0] == 13
    assert place.ledger.marks("sensor-suhu") == {0: 12}
    assert place.words == []


def test_a_recreated_alerts_topic_is_read_from_its_beginning_with_the_old_marks(place: Place) -> None:
    place.start()
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    place.ledger.set_positions({0: 30, 1: 30})
    place.ledger.mark(_alert(12))
    place.start(NEW_ALERTS)
    assert place.ledger.positions() == {0: 0, 1: 0}
    assert place.ledger.marks("sensor-suhu") == {0: 12}
    assert place.events() == ["alerts topic recreated"]


def test_a_recreated_readings_topic_starts_query_and_marks_over(place: Place) -> None:
    place.start(PAIR, "--starting-offsets", "latest")
    place.run_query({"0": 3, "1": 3})
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    place.ledger.mark(_alert(12))
    assert place.start(NEW_READINGS, "--starting-offsets", "latest") == "earliest"
    assert place.caught_up == 1
    assert place.ledger.marks("sensor-suhu") == {}
    assert not (place.directory / "query").exists()
    assert place.events() == ["readings topic recreated"]
    # Killed before Spark has written its new checkpoint, the next start still knows where to begin.
    assert place.start(NEW_READINGS, "--starting-offsets", "latest") == "earliest"
    assert place.events() == ["readings topic recreated"]


@pytest.mark.parametrize(("begins", "mark"), [(51, 12), (3, 50)])
def test_a_readings_topic_that_holds_less_than_was_read_starts_over(place: Place, begins: int, mark: int) -> None:
    place.start()
    place.run_query({"0": begins, "1": 0})
    place.ledger.mark(_alert(mark))
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    assert place.start() == "earliest"
    assert place.events() == ["readings topic truncated"]
    assert place.ledger.marks("sensor-suhu") == {}


def test_readings_deleted_before_they_were_read_are_stepped_over_loudly(place: Place) -> None:
    place.start()
    place.run_query({"0": 10, "1": 20})
    place.ledger.mark(_alert(12))
    place.topics.first["sensor-suhu"] = {0: 15, 1: 0}
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    assert json.loads(place.start()) == {"sensor-suhu": {"0": 15, "1": 20}}
    assert [line.split(" ", 1)[1] for line in place.words] == [
        'event="readings lost" partition=0 at_most=2 reason="deleted before they were read"'
    ]
    assert place.ledger.marks("sensor-suhu") == {0: 12}
    assert json.loads(place.start()) == {"sensor-suhu": {"0": 15, "1": 20}}  # killed before Spark had begun
    place.run_query({"0": 15, "1": 20})
    assert place.start() == "earliest"  # which Spark ignores, having a checkpoint
    assert len(place.words) == 1


def test_readings_deleted_after_they_were_warned_of_are_no_loss(place: Place) -> None:
    place.start()
    place.run_query({"0": 10, "1": 20})
    place.ledger.mark(_alert(14))
    place.topics.first["sensor-suhu"] = {0: 15, 1: 0}
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    assert json.loads(place.start()) == {"sensor-suhu": {"0": 15, "1": 20}}
    assert place.words == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--threshold", "75.5"], "belongs to a job with --threshold 80, not 75.5: give the old value, or another"),
        (["--topic", "t"], "belongs to a job with --topic sensor-suhu, not t: give the old value, or another"),
        (["--alerts-topic", "t"], "belongs to a job with --alerts-topic sensor-suhu-alerts, not t: give the old"),
    ],
)
def test_another_job_on_the_same_state_is_refused(place: Place, arguments: list[str], words: str) -> None:
    place.start()
    with pytest.raises(ConfigError, match=words):
        place.start(PAIR, *arguments)


def test_the_mode_may_change(place: Place) -> None:
    place.start()
    assert place.start(PAIR, "--mode", "micro-batch", "--threshold", "80.0") == "earliest"
