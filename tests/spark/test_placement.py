"""What `test_beginnings.py` shows of the alert job holds here, too; these are the cases of queries with state."""

import json
from pathlib import Path

from suhu_jobs.checkpoint import Checkpoint
from suhu_jobs.events import EventLog
from suhu_jobs.pipeline.fact_file import FactFile
from suhu_jobs.placement import Placement, Start
from suhu_jobs.topics import Topic

from tests.spark.fake_topics import FakeTopics

READINGS = Topic("r1", 2)


class Place:
    """A query's checkpoint and brokers, all empty."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.topics = FakeTopics()
        self.words: list[str] = []
        checkpoint = Checkpoint(str(directory), "stats")
        facts = FactFile(directory / "facts.json")
        log = EventLog(lambda line: self.words.append(line.split(" ", 1)[1]))
        self.placement = Placement("sensor-suhu", "latest", self.topics, facts, checkpoint, log)

    def run_query(self, begins: dict[str, int]) -> None:
        """Leave what a running query leaves behind."""
        path = self.directory / "stats" / "query" / "sources" / "0" / "0"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("v1\n" + json.dumps({"sensor-suhu": begins}))

    def start(self, readings: Topic = READINGS) -> Start:
        return self.placement.place(readings, keeps_state=True)


def test_a_first_start_begins_where_it_was_asked_to(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.start() == Start("latest", steps_over_gap=False)
    assert place.words == []


def test_a_gap_is_told_and_stepped_over_with_the_checkpoint_that_is_there(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.run_query({"0": 10, "1": 20})
    place.topics.first["sensor-suhu"] = {0: 15, 1: 0}
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    assert place.start() == Start("latest", steps_over_gap=True)
    assert place.words == [
        'event="readings lost" query=stats partition=0 at_most=5 reason="deleted before they were read"'
    ]
    assert (tmp_path / "stats" / "query").exists()
    assert place.placement.has_gap(READINGS)
    place.run_query({"0": 16, "1": 20})
    assert not place.placement.has_gap(READINGS)
    assert place.start() == Start("latest", steps_over_gap=False)
    assert len(place.words) == 1


def test_a_topic_created_anew_is_read_from_its_beginning_with_no_state(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.start()
    place.run_query({"0": 10, "1": 20})
    place.topics.next["sensor-suhu"] = {0: 50, 1: 50}
    assert place.start(Topic("r2", 2)) == Start("earliest", steps_over_gap=False)
    assert not (tmp_path / "stats" / "query").exists()
    assert place.words[0].startswith('event="readings topic recreated" query=stats topic=sensor-suhu')
    assert place.start(Topic("r2", 2)) == Start("earliest", steps_over_gap=False)  # killed before Spark had begun
    assert len(place.words) == 1
