"""What devices print, case by case: cases_serial.jsonl beside this file."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.decode import Device, PortDecoder

CASES = [json.loads(line) for line in Path(__file__).with_name("cases_serial.jsonl").read_text("utf-8").splitlines()]


def pieces(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


@pytest.mark.parametrize("size", [10_000, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}-{case['family']}")
def test_a_device_is_read_as_its_manual_says(case: dict[str, Any], size: int) -> None:
    raw = bytes.fromhex(case["payload_hex"]) if "payload_hex" in case else case["payload"].encode()
    port = PortDecoder(Device.model_validate(case["hint"] or {}), "serial")
    port.reset(partial=False)
    decoded = [port.feed(piece) for piece in pieces(raw, size)] + [port.end()]
    found = [(one.sensor_id, one.celsius) for part in decoded for one in part.found]
    reasons = [one.reason for part in decoded for one in part.refused]
    expected = case.get("expect", [])
    assert [sensor_id for sensor_id, _ in found] == [one["sensor_id"] for one in expected], reasons
    assert [celsius for _, celsius in found] == pytest.approx([one["suhu_c"] for one in expected], abs=1e-6)
    if "reject" in case:
        assert case["reject"] in reasons


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("Temp-Inner:66.03 [C],41.20 [%RH]", {"terminator": "<"}),
        ("Ambient = 66.03*C\tObject = 61.27*C", {}),
        ("Temp C: 66.03 Temp F: 150.85", {}),
        (" T:66.03 /210.00 B:61.27 /60.00 @:79 B@:31", {}),
        ("Humidity: 45.20%  Temperature: 66.03°C 150.85°F  Heat index: 70.00°C 158.00°F", {}),
    ],
)
def test_no_cut_of_a_line_that_ran_into_the_next_gives_a_wrong_value_or_id(line: str, hint: dict[str, Any]) -> None:
    device = Device.model_validate(hint)

    def read(text: str) -> set[tuple[str, float]]:
        port = PortDecoder(device, "serial")
        port.reset(partial=False)
        return {(one.sensor_id, one.celsius) for one in port.feed((text + (device.terminator or "\n")).encode()).found}

    true = read(line)
    assert true
    for end in range(1, len(line)):
        assert read(line[:end] + line) <= true, line[:end]
