"""Kafka is a cluster that loses a broker, has too few replicas, or takes our permission away."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from kafka.admin import ACL, ACLFilter, ACLOperation, ACLPermissionType, ResourcePattern, ResourceType

from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.rig import PATIENCE_S, Rig

pytestmark = pytest.mark.system

BROKERS = 3
ANYONE = "User:ANONYMOUS"  # what Kafka calls a client that does not say who it is


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Three brokers; each test leaves them running."""
    with Kafka(tmp_path_factory.mktemp("cluster"), BROKERS) as made:
        yield made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A broker with access lists; what has none is open to everyone."""
    settings = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
    }
    with Kafka(tmp_path_factory.mktemp("guarded"), settings=settings) as made:
        yield made


def leader(rig: Rig) -> int:
    """The node that leads the topic's first partition."""
    with closing(rig.kafka.admin()) as admin:
        partitions = admin.describe_topics([rig.name])[0]["partitions"]
    return next(int(one["leader"]) for one in partitions if one["partition"] == 0)


def test_when_a_leader_dies_another_one_gets_the_readings(
    make_rig: MakeRig, cluster: Kafka, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(kafka=cluster, replicas=BROKERS, topic={"min.insync.replicas": "2"})
    recovery_s = []
    runs = 6 if full else 1
    for _ in range(runs):
        rig.await_reading()
        dead = leader(rig)
        cluster.kill(dead)
        before = rig.load.last
        recovery_s.append(rig.await_reading(before))
        wait_until(lambda dead=dead: leader(rig) not in {-1, dead}, PATIENCE_S, "another leader")  # type: ignore[misc]
        cluster.restart(dead)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    outcome(32, "the leading broker of three killed").add(verdict, runs=runs, recovery_s=recovery_s)


def test_with_too_few_replicas_readings_wait(
    make_rig: MakeRig, cluster: Kafka, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(kafka=cluster, replicas=BROKERS, topic={"min.insync.replicas": "3"})
    recovery_s = []
    runs = 6 if full else 1
    for run in range(runs):
        rig.await_reading()
        cluster.kill(run % BROKERS)
        rig.gateway.wait_until(
            lambda run=run: rig.gateway.log_since_start().count("event=kafka_down") > run,  # type: ignore[misc]
            PATIENCE_S,
            "it says that Kafka takes nothing",
        )
        rig.await_waiting(300)
        cluster.restart(run % BROKERS)
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    outcome(32, "too few replicas: one broker of three killed").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_permission_that_is_taken_away_is_said_and_waited_for(
    make_rig: MakeRig, guarded: Kafka, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka=guarded)
    rig.await_reading()
    topic = ResourcePattern(ResourceType.TOPIC, rig.name)
    rules = [
        ACL(ANYONE, "*", ACLOperation.ALL, ACLPermissionType.ALLOW, topic),
        ACL(ANYONE, "*", ACLOperation.WRITE, ACLPermissionType.DENY, topic),
    ]
    with closing(guarded.admin()) as admin:
        assert admin.create_acls(rules)["failed"] == []
        line = rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
        assert f"may not use the topic {rig.name}: ask for the permission" in line
        rig.await_waiting(600)
        denied = ACLFilter(ANYONE, "*", ACLOperation.WRITE, ACLPermissionType.DENY, topic)
        admin.delete_acls([denied])
    recovery_s = rig.await_reading()
    rig.gateway.wait_for_line("event=kafka_up", PATIENCE_S)
    rig.await_everything()
    log = rig.gateway.log_since_start()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert rig.waiting() == []
    assert log.count("event=kafka_down") == 1  # one line for the whole time, not one for each attempt
    outcome(35, "permission to write taken away, and given back").add(verdict, recovery_s=[recovery_s])
