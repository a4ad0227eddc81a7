import random

import pytest
from pydantic import ValidationError

from firmware_sim.faults import KINDS, OUTAGES, Fault, Trigger

S1 = frozenset({"S1"})


def fired(fault: Fault, count: int = 6) -> list[int]:
    trigger = Trigger(fault, random.Random(1))
    return [second for second in range(count) if trigger.fires(float(second), S1)]


def test_with_neither_key_it_is_each_frame() -> None:
    assert fired(Fault(kind="noise")) == [0, 1, 2, 3, 4, 5]


def test_with_a_time_it_is_once() -> None:
    assert fired(Fault(kind="noise", at_s=2.5)) == [3]


def test_with_a_duration_it_is_each_frame_of_that_time() -> None:
    assert fired(Fault(kind="noise", at_s=2.0, for_s=2.0)) == [2, 3]
    assert fired(Fault(kind="noise", for_s=2.0)) == [0, 1]


def test_an_outage_with_a_time_happens_once_and_its_duration_is_how_long() -> None:
    assert fired(Fault(kind="unplug", at_s=2.0, for_s=2.0)) == [2]


def test_once_with_a_probability_waits_until_it_happens() -> None:
    trigger = Trigger(Fault(kind="noise", at_s=0.0, probability=0.05), random.Random(1))
    assert sum(trigger.fires(float(second), S1) for second in range(1000)) == 1


def test_other_sensors_are_none_of_its_business() -> None:
    assert fired(Fault(kind="noise", sensors=("S2",))) == []


@pytest.mark.parametrize("keys", [{"kind": "noise", "baud": 9600}, {"kind": "noise", "probability": 0}, {"kind": ""}])
def test_what_has_no_meaning_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(keys)


def test_kinds_know_their_parameters() -> None:
    assert {key for kind in KINDS.values() for key in kind.parameters} < set(Fault.model_fields)
    assert set(KINDS) > OUTAGES
