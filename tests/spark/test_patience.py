from itertools import islice
from threading import Event

import pytest
from suhu_jobs.errors import KafkaUnreachable, Stopped
from suhu_jobs.events import EventLog
from suhu_jobs.patience import Patience, delays


class Impatient(Event):
    """A stop signal whose waits take no time and are written down."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


def test_delays_double_up_to_the_longest() -> None:
    assert list(islice(delays(), 7)) == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_kafka_is_asked_until_it_answers_and_it_is_said_once() -> None:
    stop, words = Impatient(), list[str]()
    refusals = iter([KafkaUnreachable("no route")] * 3)

    def ask() -> str:
        for refusal in refusals:
            raise refusal
        return "here"

    assert Patience(stop, EventLog(words.append), "k:9092")(ask) == "here"
    assert stop.waits == [0.5, 1.0, 2.0]
    assert [line.split(" ", 1)[1] for line in words] == [
        'event="kafka unreachable" servers=k:9092 reason="no route" action="asking again"',
        'event="kafka reachable" servers=k:9092',
    ]


def test_an_answer_at_once_needs_no_words() -> None:
    words = list[str]()
    assert Patience(Event(), EventLog(words.append), "k:9092")(lambda: 7) == 7
    assert words == []


def test_a_stop_ends_the_waiting() -> None:
    stop = Impatient()

    def ask() -> None:
        stop.set()
        raise KafkaUnreachable

    with pytest.raises(Stopped):
        Patience(stop, EventLog(lambda _: None), "k:9092")(ask)
    assert stop.waits == [0.5]
