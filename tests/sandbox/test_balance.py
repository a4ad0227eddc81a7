import json

import pytest

from sandbox.balance import Balance, Landed, balance

EMITTED = {"S1": [70.0, 83.4, 70.0], "S2": [79.9, 80.0, 80.1]}
LANDED = [
    Landed("S1", 70.0, "gw/k3v9/1"),
    Landed("S1", 83.4, "gw/k3v9/3"),
    Landed("S1", 70.0, "gw/k3v9/5"),
    Landed("S2", 79.9, "gw/k3v9/2"),
    Landed("S2", 80.0, "gw/k3v9/4"),
    Landed("S2", 80.1, "gw/k3v9/6"),
]
LINES = [
    "PERINGATAN S1 83.4 °C > 80 °C 2026-11-22T03:04:05.678Z gw/k3v9/3",
    "PERINGATAN S2 80.1 °C > 80 °C 2026-11-22T03:04:06.678Z gw/k3v9/6",
]


def test_a_clean_sheet() -> None:
    assert balance(EMITTED, LANDED, LINES) == Balance({"S1": 3, "S2": 3}, 2, [], [], [], [], [], [], [])
    assert balance(EMITTED, LANDED, LINES).clean


@pytest.mark.parametrize("place", range(6))
def test_each_dropped_record_is_noticed(place: int) -> None:
    dropped = LANDED[place]
    verdict = balance(EMITTED, LANDED[:place] + LANDED[place + 1 :], LINES)
    assert f"{dropped.sensor_id} {dropped.celsius} °C" in verdict.lost
    assert not verdict.clean


def test_a_dropped_record_of_a_sensor_without_a_record_of_its_own_is_a_hole() -> None:
    verdict = balance({}, [one for one in LANDED if one.sequence != 4], LINES)
    assert verdict.lost == ["gw/k3v9/4"]


def test_a_duplicate_is_counted_once_and_named() -> None:
    verdict = balance(EMITTED, [*LANDED, LANDED[0]], LINES)
    assert verdict.duplicated == ["gw/k3v9/1"]
    assert verdict.readings == {"S1": 3, "S2": 3}


def test_a_reading_that_nobody_sent_is_named() -> None:
    verdict = balance(EMITTED, [*LANDED, Landed("S1", 3.4, "gw/k3v9/7")], LINES)
    assert verdict.invented == ["S1 3.4 °C"]


def test_a_wrong_order_is_named() -> None:
    verdict = balance(EMITTED, [LANDED[1], LANDED[0], *LANDED[2:]], LINES)
    assert verdict.disordered == ["gw/k3v9/1"]


def test_a_silent_sensor_is_named() -> None:
    assert balance({**EMITTED, "S3": []}, LANDED, LINES).lost == ["S3 sent nothing"]


def test_warnings_are_held_against_the_hot_readings() -> None:
    assert balance(EMITTED, LANDED, LINES[:1]).not_warned == ["gw/k3v9/6"]
    assert balance(EMITTED, LANDED, [*LINES, LINES[0]]).warned_again == ["gw/k3v9/3"]
    cold = "PERINGATAN S2 80 °C > 80 °C 2026-11-22T03:04:05.678Z gw/k3v9/4"
    assert balance(EMITTED, LANDED, [*LINES, cold]).warned_wrongly == ["gw/k3v9/4"]


def test_a_record_is_read_from_its_value() -> None:
    value = {"sensor_id": "S1", "suhu": 83.4, "measured_at": "x", "source": "serial", "event_id": "gw/k3v9/3"}
    assert Landed.from_value(json.dumps(value).encode()) == LANDED[1]
