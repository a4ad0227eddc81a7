"""The daemon is killed, stopped, and started twice."""

import random
import subprocess
import time

import pytest

from sandbox.kafka import Kafka
from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system


def test_sigkill_at_random_moments_loses_nothing(make_rig: MakeRig, outcome: MakeOutcome, full: bool) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    chance = random.Random(seed)
    rig = make_rig()
    recovery_s = []
    runs = 200 if full else 5
    for _ in range(runs):
        rig.let_flow(chance.randrange(200))
        rig.gateway.kill()
        before, began_s = rig.load.last, time.monotonic()
        rig.gateway.start()
        if chance.random() < 0.8:  # the others are killed while they start
            recovery_s.append(rig.await_reading(before, began_s))
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.records > 50 * runs
    assert len(verdict.redelivered) <= 1_000 * (runs + 1)  # the window that the gateway opens
    outcome(1, "gateway killed (SIGKILL) at a random moment").add(verdict, runs=runs, recovery_s=recovery_s)


def test_a_kill_between_receiving_and_committing_loses_nothing(
    make_rig: MakeRig, outcome: MakeOutcome, full: bool
) -> None:
    runs = 20 if full else 2
    rig = make_rig(sabotage="slow_commits")
    recovery_s = []
    for _ in range(runs):
        rig.let_flow(50)
        rig.gateway.kill()
        before, began_s = rig.load.last, time.monotonic()
        rig.start()
        recovery_s.append(rig.await_reading(before, began_s))
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(25, "gateway killed between receiving and committing (slow disk)").add(
        verdict, runs=runs, recovery_s=recovery_s
    )


def test_sigterm_with_kafka_down_ends_soon_and_keeps_the_journal(
    make_rig: MakeRig, kafka_to_harm: Kafka, outcome: MakeOutcome
) -> None:
    rig = make_rig(kafka=kafka_to_harm)
    rig.await_reading()
    kafka_to_harm.kill()
    rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    rig.let_flow(300)
    assert rig.gateway.stop(timeout_s=5) == 0, rig.gateway.log_tail()
    waiting = rig.waiting()
    assert len(waiting) >= 100
    kafka_to_harm.start()
    before, began_s = rig.load.last, time.monotonic()
    rig.start()
    recovery_s = rig.await_reading(before, began_s)
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    outcome(4, "SIGTERM while Kafka is down").add(verdict, recovery_s=[recovery_s])


def test_a_second_daemon_on_one_journal_is_refused_with_the_first_ones_pid(
    make_rig: MakeRig, outcome: MakeOutcome
) -> None:
    rig = make_rig()
    second = subprocess.run(rig.gateway.argv, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 75
    assert f"is in use by PID {rig.gateway.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(46, "a second gateway on the same journal", note="refused, exit code 75, names the PID").add(verdict)
