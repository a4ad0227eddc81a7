"""Who may write to a topic is found out without writing to it."""

from pathlib import Path

import pytest

from gateway.sinks.kafka_door import Door, Login
from gateway.sinks.kafka_exam import Exam, TopicFacts
from gateway.sinks.kafka_words import Failure
from gateway.tls import Tls
from sandbox.records import read_topic
from tests.security.guarded import GATEWAY, USERS, Guarded

pytestmark = pytest.mark.system


@pytest.fixture
def door(guarded: Guarded, tmp_path: Path) -> Door:
    (tmp_path / "password").write_text(USERS[GATEWAY])
    login = Login(GATEWAY, "SCRAM-SHA-512", tmp_path / "password")
    return Door((guarded.kafka.servers("GATE"),), Tls(guarded.ca_file), login)


def test_a_writer_may_and_nothing_is_written(guarded: Guarded, door: Door) -> None:
    guarded.kafka.create_topic("exam-may", 3)
    guarded.let_write(GATEWAY, "exam-may")
    assert Exam(door, "exam-may").facts() == TopicFacts(partitions=3, may_write=True)
    assert read_topic(guarded.kafka.bootstrap_servers, "exam-may") == []


def test_who_may_only_see_the_topic_may_not(guarded: Guarded, door: Door) -> None:
    guarded.kafka.create_topic("exam-see", 3)
    guarded.allow_to_see(GATEWAY, "exam-see")
    assert Exam(door, "exam-see").facts() == TopicFacts(partitions=3, may_write=False)


def test_who_may_not_see_it_is_told_so(guarded: Guarded, door: Door) -> None:
    guarded.kafka.create_topic("exam-hidden", 3)
    found = Exam(door, "exam-hidden").facts()
    assert isinstance(found, Failure)
    assert found.kind == "forbidden"
