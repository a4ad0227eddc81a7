"""Kafka is killed, frozen, slow, forgets its topic, and refuses a record."""

import random

import pytest

from sandbox.kafka import Kafka
from sandbox.waiting import wait_until
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.invariants import check
from tests.faults.proxy import Proxy
from tests.faults.rig import PARTITIONS, PATIENCE_S

pytestmark = pytest.mark.system

LONG_ID = "\U0001f321" * 128  # the longest that the contract allows: 512 bytes, in key and value


def test_a_killed_broker_loses_nothing(
    make_rig: MakeRig, kafka_to_harm: Kafka, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(kafka=kafka_to_harm)
    recovery_s = []
    runs = 10 if full else 1
    for _ in range(runs):
        rig.await_reading()
        kafka_to_harm.kill()
        rig.await_waiting(600)
        rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)  # a broker that is back sooner is not worth a word
        kafka_to_harm.start()
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    assert rig.told("kafka_down")
    assert rig.told("kafka_up")
    outcome(30, "Kafka killed (SIGKILL), back some seconds later").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_broker_that_stands_still_loses_nothing(
    make_rig: MakeRig, kafka_to_harm: Kafka, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(kafka=kafka_to_harm)
    recovery_s = []
    runs = 6 if full else 1
    for run in range(runs):
        rig.await_reading()
        kafka_to_harm.freeze()
        rig.let_flow(600 if run % 2 == 0 else 9_000)  # shorter and longer than the client waits for an answer
        kafka_to_harm.thaw()
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    outcome(31, "Kafka frozen (SIGSTOP) for 2 s and for 30 s").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_long_outage_drains_in_order_while_live_readings_flow(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, full: bool
) -> None:
    backlog = 60_000 if full else 6_000
    rig = make_rig(kafka_port=kafka_proxy.port)
    rig.await_reading()
    kafka_proxy.refuse()
    rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    rig.load.burst(backlog)
    rig.await_waiting(backlog)
    kafka_proxy.reset()
    drained_s = rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    replayed = sum((record.value or b"").endswith(b'"replayed":true}') for record in rig.topic())
    assert backlog <= replayed < verdict.records
    note = f"{backlog:,} waiting readings drained in {drained_s:.0f} s"
    outcome(31, "Kafka unreachable while a backlog gathers", note).add(verdict)


def test_kafka_and_gateway_killed_together_lose_nothing(
    make_rig: MakeRig, kafka_to_harm: Kafka, outcome: MakeOutcome, full: bool
) -> None:
    rig = make_rig(kafka=kafka_to_harm)
    recovery_s = []
    runs = 10 if full else 1
    for _ in range(runs):
        rig.let_flow(random.randrange(100, 300))
        kafka_to_harm.kill()
        rig.let_flow(random.randrange(100))
        rig.gateway.kill()
        rig.start()
        rig.let_flow(100)
        kafka_to_harm.start()
        recovery_s.append(rig.await_reading())
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(31, "Kafka and gateway killed together").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_lost_acknowledgement_repeats_records_under_their_own_event_ids(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, full: bool
) -> None:
    runs = 20 if full else 3
    rig = make_rig(kafka_port=kafka_proxy.port)
    for run in range(1, runs + 1):
        rig.await_reading()
        kafka_proxy.lose_answers(1)
        wait_until(lambda run=run: kafka_proxy.answers_lost >= run, PATIENCE_S, "an acknowledgement is lost")  # type: ignore[misc]
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.duplicated
    assert rig.told("kafka_down")
    assert verdict.redelivered == []
    outcome(33, "Kafka's acknowledgement lost after the write").add(verdict, runs=runs)


def test_a_slow_way_to_kafka_only_makes_larger_batches(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome
) -> None:
    kafka_proxy.delay_s = 0.35
    rig = make_rig(kafka_port=kafka_proxy.port)
    rig.let_flow(1_000)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    assert "event=kafka_down" not in rig.gateway.log_since_start()
    outcome(37, "0.7 s of latency on the way to Kafka").add(verdict)


def test_a_record_that_kafka_refuses_goes_to_quarantine_and_holds_nothing_up(
    make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    rig = make_rig(topic={"max.message.bytes": "700"}, sensors=("S1", LONG_ID, "S2"), rate=30.0)
    rig.let_flow(30)
    rig.gateway.wait_for_line("event=record_quarantined", PATIENCE_S)
    rig.load.stop()
    last = {one for one in rig.load.last if one[0] != LONG_ID}
    wait_until(lambda: last <= rig.tail.readings(), PATIENCE_S, "the last readings in the topic")
    wait_until(lambda: rig.status()["quarantined"] > 5, PATIENCE_S, "the refused ones in its status")
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    refused = [one for one in rig.load.accepted() if one[0] == LONG_ID]
    assert len(rig.waiting()) == len(refused) > 5
    outcome(34, "records that are too large for the topic", "kept in the journal's quarantine").add(verdict)


def test_a_deleted_topic_is_waited_for(make_rig: MakeRig, kafka: Kafka, outcome: MakeOutcome) -> None:
    rig = make_rig(load=False)
    rig.load.burst(300)
    rig.await_everything()
    before = rig.topic()
    admin = kafka.admin()
    admin.delete_topics([rig.name])
    admin.close()
    rig.load.burst(300)
    line = rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    assert f"has no topic {rig.name}: create it" in line
    rig.await_waiting(300)
    kafka.create_topic(rig.name, PARTITIONS)
    wait_until(lambda: len(rig.topic()) >= 300, PATIENCE_S, "the other half in the new topic")
    rig.gateway.stop()
    verdict = check(rig.load.accepted(), before + rig.topic(), rig.waiting())
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(36, "topic deleted and created again", "what was in it is gone with it; nothing else").add(verdict)
