"""The negative controls: a gateway that breaks a promise is found out by the same checker, under the same fault."""

import pytest

from tests.faults.conftest import MakeRig
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.system


@pytest.mark.parametrize("sabotage", ["slow_commits,ack_before_commit", "slow_commits,auto_ack"])
def test_acknowledging_before_the_commit_loses_readings_in_a_kill(make_rig: MakeRig, sabotage: str) -> None:
    rig = make_rig(sabotage=sabotage)
    rig.let_flow(100)
    rig.gateway.kill()
    rig.start()
    rig.await_everything()
    assert rig.verdict().broken(repeats_allowed=True).keys() == {"I1 lost"}


def test_a_subscription_with_qos_2_loses_readings_in_a_kill(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="slow_commits,ask_for_qos_2", qos=2)
    rig.let_flow(100)
    rig.gateway.kill()
    rig.start()
    rig.await_everything()
    assert rig.verdict().broken(repeats_allowed=True).keys() == {"I1 lost"}


def test_a_record_that_is_never_sent_is_lost_and_leaves_a_hole(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="skip_a_record")
    rig.let_flow(100)
    rig.await_everything()
    broken = rig.verdict().broken(repeats_allowed=False)
    assert broken.keys() == {"I1 lost", "I2 holes"}
    assert [len(wrong) for wrong in broken.values()] == [1, 1]


def test_a_record_that_is_sent_late_is_out_of_order(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="send_a_record_late")
    rig.let_flow(100)
    rig.await_everything()
    assert rig.verdict().broken(repeats_allowed=False).keys() == {"I3 disordered"}


def test_a_sequence_that_is_given_twice_is_a_conflict(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="reuse_sequences")
    rig.let_flow(100)
    rig.gateway.stop()
    rig.start()
    rig.await_everything()
    assert "I4 conflicting" in rig.verdict().broken(repeats_allowed=True)


def test_a_record_that_is_torn_is_garbage(make_rig: MakeRig) -> None:
    rig = make_rig(sabotage="tear_a_record")
    rig.let_flow(100)
    rig.await_everything()
    assert "I5 garbage" in rig.verdict().broken(repeats_allowed=True)


@pytest.mark.parametrize(("sabotage", "told"), [("", True), ("keep_silent", False)])
def test_a_fault_that_is_kept_silent_is_found_out(
    make_rig: MakeRig, kafka_proxy: Proxy, sabotage: str, told: bool
) -> None:
    rig = make_rig(sabotage=sabotage, kafka_port=kafka_proxy.port)
    rig.await_reading()
    kafka_proxy.refuse()
    rig.await_waiting(300)
    kafka_proxy.reset()
    rig.await_everything()
    assert (rig.told("kafka_down"), rig.told("kafka_up")) == (told, told)
