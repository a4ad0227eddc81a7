"""Memory and file descriptors are scarce."""

import pytest

from tests.faults.conftest import MakeOutcome, MakeRig
from tests.faults.proxy import Proxy
from tests.faults.rig import PATIENCE_S

pytestmark = pytest.mark.system


def test_memory_is_bounded_while_kafka_is_down(
    make_rig: MakeRig, kafka_proxy: Proxy, outcome: MakeOutcome, full: bool
) -> None:
    count = 100_000 if full else 10_000
    rig = make_rig(kafka_port=kafka_proxy.port)
    rig.await_reading()
    kafka_proxy.refuse()
    rig.gateway.wait_for_line("event=kafka_down", PATIENCE_S)
    for part in range(10):
        rig.load.burst(count // 10)
        rig.await_waiting(count // 10 * (part + 1))
    resident = rig.resident_mb()
    kafka_proxy.reset()
    recovery_s = rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=True) == {}
    assert verdict.redelivered == []
    assert resident < 120
    note = f"{resident:.0f} MB resident at most"
    outcome(42, f"{count:,} readings arrive while Kafka is down", note).add(verdict, recovery_s=[recovery_s])


def test_few_file_descriptors_are_enough(make_rig: MakeRig, outcome: MakeOutcome) -> None:
    rig = make_rig(wrapper=["sh", "-c", 'ulimit -n 32; exec "$@"', "sh"])
    rig.await_reading()
    rig.await_everything()
    verdict = rig.verdict()
    assert verdict.broken(repeats_allowed=False) == {}
    outcome(43, "32 file descriptors (ulimit -n)").add(verdict)
