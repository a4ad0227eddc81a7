import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from suhu_jobs.events import EventLog
from suhu_jobs.ledger import Ledger
from suhu_jobs.reader import AlertReader
from suhu_jobs.warner import Warner

from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.spark.alert_process import send

pytestmark = pytest.mark.system


class Paper:
    """A printer; nobody reads it once `unread` is set, and it takes nothing as long as there is a `stuck` not set."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.unread = False
        self.stuck: threading.Event | None = None
        self.waiting = False

    def print(self, line: str) -> None:
        if self.stuck:
            self.waiting = True
            self.stuck.wait()
        if self.unread:
            raise BrokenPipeError("nobody reads")
        self.lines.append(line)


class Desk:
    """A reader with what it needs; a new reader is made for each start."""

    def __init__(self, kafka: Kafka, topic: str, directory: Path) -> None:
        self.kafka = kafka
        self.topic = topic
        self.paper = Paper()
        self.words: list[str] = []
        self.ledger = Ledger(directory)
        kafka.create_topic(topic, 2)

    def start(self) -> AlertReader:
        log = EventLog(self.words.append)
        warner = Warner("readings", 80.0, self.ledger, self.paper, log)
        reader = AlertReader(self.kafka.bootstrap_servers, self.topic, 2, self.ledger, warner, log)
        reader.start()
        return reader

    def send(self, *offsets: int, partitions: int = 1) -> None:
        values = [_alert(offset, number % partitions) for number, offset in enumerate(offsets)]
        send(self.kafka, self.topic, values, partitions=partitions)

    def wait_for(self, *offsets: int) -> None:
        expected = [_line(offset) for offset in offsets]
        wait_until(lambda: self.paper.lines == expected, 20, f"{expected}, not {self.paper.lines}")


def _alert(offset: int, partition: int = 0) -> bytes:
    fields = {
        "alert_id": f"readings/{partition}/{offset}",
        "sensor_id": f"S{offset}",
        "suhu": 81,
        "threshold_celsius": 80.0,
    }
    return json.dumps(fields).encode()


def _line(offset: int) -> str:
    return f"PERINGATAN S{offset} 81 °C > 80 °C - -"


@pytest.fixture
def make_desk(kafka: Kafka, tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    desks: list[Desk] = []

    def make(topic: str) -> Desk:
        desks.append(Desk(kafka, topic, tmp_path / topic))
        return desks[-1]

    yield make
    for desk in desks:
        desk.ledger.close()


def test_it_prints_what_comes_and_goes_on_where_the_ledger_says(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("reader-a")
    desk.send(1)
    reader = desk.start()
    desk.wait_for(1)
    desk.send(2)
    desk.wait_for(1, 2)
    assert reader.is_positioned()
    wait_until(lambda: reader.places() == {0: (2, 0), 1: (0, 0)}, 20, "its places")
    assert reader.finish(None, 5)
    assert reader.places() == {0: (2, None), 1: (0, None)}
    assert desk.ledger.positions() == {0: 2}
    desk.send(3)
    reader = desk.start()
    desk.wait_for(1, 2, 3)
    assert reader.finish(None, 5)


def test_finish_reads_up_to_the_offsets_it_is_given(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("reader-b")
    desk.send(1, 2, 3)
    assert desk.start().finish({0: 3, 1: 0}, 20)
    assert desk.paper.lines == [_line(1), _line(2), _line(3)]


def test_finish_tells_what_it_did_not_reach(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("reader-c")
    assert not desk.start().finish({0: 1, 1: 0}, 0)


def test_a_position_beyond_the_topic_returns_to_its_beginning(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("reader-d")
    desk.send(1, 2)
    desk.ledger.set_positions({0: 70, 1: 0})
    reader = desk.start()
    desk.wait_for(1, 2)
    assert reader.finish(None, 5)
    assert [line.split(" ", 1)[1] for line in desk.words] == [
        'event="alerts topic truncated" partition=0 position=70 reading_from=0'
    ]


@pytest.mark.parametrize("beyond", [0, 1])
def test_what_came_together_with_an_error_of_another_partition_is_not_lost(
    make_desk: Callable[[str], Desk], beyond: int
) -> None:
    desk = make_desk(f"reader-together-{beyond}")
    desk.send(1, 2, 3, 4, partitions=2)  # 1 and 3 are in partition 0
    desk.ledger.set_positions({beyond: 70, 1 - beyond: 0})
    reader = desk.start()
    wait_until(lambda: len(desk.paper.lines) >= 4, 20, f"4 lines, not {desk.paper.lines}")
    assert sorted(desk.paper.lines) == [_line(1), _line(2), _line(3), _line(4)]
    assert reader.finish(None, 5)


def test_a_clock_that_is_set_back_does_not_hold_up_the_end(
    make_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk("reader-clock")
    reader = desk.start()
    wait_until(reader.is_positioned, 20, "its position")
    true_time = time.time
    monkeypatch.setattr(time, "time", lambda: true_time() - 3600)
    assert reader.finish(None, 5)


def test_a_printer_that_takes_nothing_is_left_alone_and_prints_no_further_line(
    make_desk: Callable[[str], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suhu_jobs.reader.LAST_LINE_S", 0.1)
    desk = make_desk("reader-stuck")
    desk.paper.stuck = threading.Event()
    desk.send(1, 2)
    reader = desk.start()
    wait_until(lambda: desk.paper.waiting, 20, "the first line")
    assert reader.places()[0] == (0, 2)
    assert not reader.finish(None, 0.1)
    assert not reader.has_ended()
    desk.paper.stuck.set()
    wait_until(reader.has_ended, 20, "its end")
    assert desk.paper.lines == [_line(1)]


def test_a_printer_that_nobody_reads_ends_it(make_desk: Callable[[str], Desk]) -> None:
    desk = make_desk("reader-e")
    desk.paper.unread = True
    desk.send(1)
    reader = desk.start()
    wait_until(lambda: reader.failure, 20, "the failure")
    assert isinstance(reader.failure, BrokenPipeError)
    assert not reader.finish(None, 5)
    assert desk.ledger.positions() == {}
