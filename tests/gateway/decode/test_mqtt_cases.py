"""Messages as real publishers send them; each line of the file is one, with its source and what must come out."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from gateway.decode import Device, TopicDecoder

CASES = [json.loads(line) for line in (Path(__file__).parent / "cases_mqtt.jsonl").read_text("utf-8").splitlines()]


def plain(sensor_id: str) -> str:
    return "".join(letter for letter in sensor_id.lower() if letter.isalnum())


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_message_gives_its_readings_and_no_other(case: dict[str, Any]) -> None:
    hint = dict(case["hint"] or {})
    prior = hint.pop("prior", None)
    decoder = TopicDecoder(Device.model_validate(hint))
    if prior is not None:
        topic, _, value = prior.partition(" = ")
        assert not decoder.decode(topic, value.encode()).found
    payload = bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode()
    decoded = decoder.decode(case["topic"], payload)
    expected = case.get("expect", [])
    got = {one.celsius: one.sensor_id for one in decoded.found}
    assert sorted(got) == pytest.approx(sorted(one["suhu_c"] for one in expected), abs=1e-3)
    assert len(set(got.values())) == len(expected)
    for one in expected:
        sensor_id = next(known for celsius, known in got.items() if abs(celsius - one["suhu_c"]) < 1e-3)
        assert (
            one["sensor_id"] is None
            or plain(one["sensor_id"]) in plain(sensor_id)
            or plain(sensor_id) in plain(one["sensor_id"])
        )
    assert decoded.found or decoded.refused


def test_the_cases_have_ids_and_sources_of_their_own() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES) > 150
    assert all(case["source"] for case in CASES)


def test_damaged_messages_end_in_a_reason_or_in_a_temperature() -> None:
    chance = random.Random(7)
    pieces = (b'"', b"{", b"[", b"1e309", b"NaN", b"null", b"9" * 40, b"-", b",", b":", b"\0", b"\xff")
    for _ in range(20_000):
        case = chance.choice(CASES)
        payload = bytearray(bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode())
        for _ in range(chance.randint(1, 5)):
            place = chance.randint(0, len(payload))
            payload[place : place + chance.randint(0, 6)] = chance.choice(pieces)
        hint = {key: value for key, value in (case["hint"] or {}).items() if key != "prior"}
        decoded = TopicDecoder(Device.model_validate(hint)).decode(case["topic"], bytes(payload))
        assert decoded.found or decoded.refused
        assert all(-273.15 <= one.celsius <= 10_000 for one in decoded.found)
