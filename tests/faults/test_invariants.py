"""Each invariant's checker finds what breaks it, and nothing in a clean sheet."""

import json
from collections.abc import Sequence

import pytest

from sandbox.records import Record
from tests.faults.invariants import Accepted, Verdict, check

ACCEPTED: list[Accepted] = [("S1", 1.0), ("S2", 1.0), ("S1", 2.0), ("S1", 3.0)]


def value(sensor_id: str, celsius: float, sequence: int, journal: str = "gw/abcd") -> bytes:
    fields = {
        "sensor_id": sensor_id,
        "suhu": celsius,
        "measured_at": "2026-11-22T03:04:05.678Z",
        "source": "mqtt",
        "event_id": f"{journal}/{sequence}",
    }
    return json.dumps(fields).encode()


def topic(*readings: tuple[str, float, int]) -> list[Record]:
    return [
        Record(sensor_id.encode(), value(sensor_id, celsius, sequence), 0, offset, 0)
        for offset, (sensor_id, celsius, sequence) in enumerate(readings)
    ]


CLEAN = [("S1", 1.0, 1), ("S2", 1.0, 2), ("S1", 2.0, 3), ("S1", 3.0, 4)]


def test_a_clean_sheet_breaks_nothing() -> None:
    verdict = check(ACCEPTED, topic(*CLEAN))
    assert verdict == Verdict(records=4)
    assert verdict.broken(repeats_allowed=False) == {}


def test_what_waits_in_the_journal_is_not_lost() -> None:
    assert check(ACCEPTED, topic(*CLEAN[:3]), [value("S1", 3.0, 4)]) == Verdict(records=4)


def test_what_waits_in_the_journal_although_it_was_sent_is_no_duplicate_yet() -> None:
    assert check(ACCEPTED, topic(*CLEAN), [value("S1", 3.0, 4)]) == Verdict(records=4)


@pytest.mark.parametrize(
    ("landed", "broken"),
    [
        (CLEAN[:3], {"I1 lost": ["('S1', 3.0)"]}),
        ([*CLEAN[:3], ("S1", 3.0, 5)], {"I2 holes": ["gw/abcd/4"]}),
        ([("S1", 1.0, 2), *CLEAN[2:], ("S2", 1.0, 1)], {}),  # order is per sensor
        (
            [CLEAN[0], CLEAN[1], CLEAN[3], CLEAN[2]],
            {"I3 disordered": ["gw/abcd/3 ('S1', 2.0)"]},
        ),
        (
            [CLEAN[0], CLEAN[1], ("S1", 3.0, 3), ("S1", 2.0, 4)],
            {"I3 disordered": ["gw/abcd/4 ('S1', 2.0)"]},
        ),
        (
            [*CLEAN, ("S1", 4.0, 4)],
            {"I4 conflicting": ["gw/abcd/4 is ('S1', 3.0) and ('S1', 4.0)"]},
        ),
        ([*CLEAN, CLEAN[3]], {"I4 duplicated": ["gw/abcd/4"]}),
        ([*CLEAN, ("S1", 3.0, 5)], {"I4 redelivered": ["('S1', 3.0)"]}),
    ],
)
def test_each_broken_invariant_is_named_and_no_other(
    landed: Sequence[tuple[str, float, int]], broken: dict[str, list[str]]
) -> None:
    assert check(ACCEPTED, topic(*landed)).broken(repeats_allowed=False) == broken


def test_where_the_order_of_arrival_is_known_that_is_the_order() -> None:
    arrived = [("S1", 2.0), ("S1", 1.0), ("S1", 2.0)]
    assert check([], topic(("S1", 2.0, 1), ("S1", 1.0, 2)), arrived=arrived).disordered == []
    assert check([], topic(("S1", 1.0, 1), ("S1", 2.0, 2)), arrived=arrived).disordered == ["gw/abcd/2 ('S1', 2.0)"]


def test_around_a_fault_repeats_are_counted_and_allowed() -> None:
    verdict = check(ACCEPTED, topic(*CLEAN, CLEAN[3], ("S1", 3.0, 5)))
    assert (verdict.duplicated, verdict.redelivered) == (["gw/abcd/4"], ["('S1', 3.0)"])
    assert verdict.broken(repeats_allowed=True) == {}


def test_a_record_that_breaks_the_contract_is_garbage() -> None:
    torn = Record(b"S1", value("S1", 4.0, 5)[:-7], 0, 4, 0)
    nameless = Record(b"S1", b'{"sensor_id": "S1", "suhu": 4.0}', 0, 5, 0)
    assert len(check(ACCEPTED, [*topic(*CLEAN), torn, nameless]).garbage) == 2


def test_a_record_under_a_foreign_key_is_garbage() -> None:
    foreign = Record(b"S9", value("S1", 4.0, 5), 0, 4, 0)
    assert len(check(ACCEPTED, [*topic(*CLEAN), foreign]).garbage) == 1


def test_a_sensor_in_two_partitions_is_garbage() -> None:
    astray = Record(b"S1", value("S1", 4.0, 5), 1, 0, 0)
    assert check(ACCEPTED, [*topic(*CLEAN), astray]).garbage == ["b'S1' is in partitions [0, 1]"]
