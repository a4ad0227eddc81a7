import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.proof import Proof, SequenceSet


def record(sequence: int, sensor_id: str = "S1", journal: str = "gw/k3v9") -> bytes:
    moment = f"2026-11-22T03:04:{sequence % 60:02d}.000Z"
    return json.dumps(
        {"sensor_id": sensor_id, "suhu": 70, "measured_at": moment, "event_id": f"{journal}/{sequence}"}
    ).encode()


def proof_of(*values: bytes, complete: bool = True) -> Proof:
    proof = Proof(complete=complete)
    proof.add(values)
    return proof


def test_a_whole_topic_is_proven() -> None:
    proof = proof_of(record(1), record(2, "S2"), record(3))
    assert proof.proven
    assert proof.report()["journals"][0]["sensors"][0] == {
        "sensor_id": "S1",
        "records": 2,
        "duplicates": 0,
        "out_of_order": 0,
        "first_measured_at": "2026-11-22T03:04:01.000Z",
        "last_measured_at": "2026-11-22T03:04:03.000Z",
    }


def test_a_hole_is_found_and_named() -> None:
    proof = proof_of(record(1), record(2), record(5))
    assert not proof.proven
    assert proof.holes("gw/k3v9") == [(3, 4)]


def test_a_missing_beginning_is_a_hole_only_while_retention_has_removed_nothing() -> None:
    assert not proof_of(record(4), record(5)).proven
    assert proof_of(record(4), record(5), complete=False).proven


def test_a_duplicate_is_counted_and_is_no_loss() -> None:
    proof = proof_of(record(1), record(2), record(1))
    assert proof.proven
    assert proof.journals["gw/k3v9"].sensors["S1"].duplicates == 1


def test_order_is_judged_per_sensor() -> None:
    proof = proof_of(record(2, "S2"), record(1, "S1"), record(4, "S1"), record(3, "S1"))
    sensors = proof.journals["gw/k3v9"].sensors
    assert (sensors["S1"].out_of_order, sensors["S2"].out_of_order) == (1, 0)


def test_journals_are_judged_apart() -> None:
    proof = proof_of(record(1, journal="a/aaaa"), record(1, journal="b/bbbb"), record(3, journal="b/bbbb"))
    assert proof.holes("a/aaaa") == []
    assert proof.holes("b/bbbb") == [(2, 2)]


@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"[]", b"null", b'{"event_id": 7}', b'{"event_id": "x"}', b"[" * 100_000]
)
def test_records_of_others_are_counted_and_change_nothing(value: bytes) -> None:
    proof = proof_of(record(1), value)
    assert proof.foreign == 1
    assert proof.proven


@given(st.lists(st.integers(1, 60)))
def test_sequence_set_agrees_with_a_plain_set(numbers: list[int]) -> None:
    ranges, plain = SequenceSet(), set[int]()
    for number in numbers:
        assert ranges.add(number) == (number not in plain)
        plain.add(number)
    missing = [number for low, high in ranges.holes(1) for number in range(low, high + 1)]
    assert missing == sorted(set(range(1, max(plain, default=0) + 1)) - plain)
