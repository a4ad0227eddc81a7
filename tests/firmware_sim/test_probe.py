from typing import Any

from firmware_sim.device import TcpDevice
from firmware_sim.probe import Probe, decimals_of


def probe(seed: int = 1, **keys: Any) -> Probe:
    device = TcpDevice.model_validate({"transport": "tcp", "name": "sim-S1", "sensors": ["S1"]} | keys)
    return Probe(device, "S1", seed)


def numbers(subject: Probe, count: int) -> list[float]:
    return [subject.read(float(second)).shown.number for second in range(count)]


def test_readings_are_steps_of_the_resolution() -> None:
    assert numbers(probe(format="max6675"), 4) == [65.25, 65.75, 66.0, 66.75]
    assert numbers(probe(resolution=1.0), 4) == [65.0, 66.0, 66.0, 67.0]


def test_a_fine_sensor_is_rounded_as_its_firmware_prints_it() -> None:
    assert numbers(probe(format="dallas"), 3) == [65.25, 65.69, 66.0]


def test_decimals_of_a_resolution() -> None:
    assert [decimals_of(resolution) for resolution in (1.0, 0.5, 0.1, 0.01, 0.0625)] == [0, 1, 1, 2, 4]


def test_any_sentinel_of_the_family_unless_one_is_named() -> None:
    broken = probe(format="dallas", fault=[{"kind": "sentinel"}])
    shown = {broken.read(float(second)).error or broken.read(float(second)).shown.number for second in range(60)}
    assert -127.0 in shown
    assert 85.0 in shown
    assert any(isinstance(text, str) for text in shown)


def test_a_sentinel_is_not_genuine_and_what_follows_is() -> None:
    broken = probe(format="dallas", fault=[{"kind": "sentinel", "which": "disconnected", "at_s": 1.0}])
    samples = [broken.read(float(second)) for second in range(3)]
    assert [sample.genuine for sample in samples] == [True, False, True]
    assert [sample.shown.number for sample in samples] == [65.25, -127.0, 66.0]


def test_a_probe_that_is_stuck_from_the_start_repeats_its_first_value() -> None:
    assert numbers(probe(fault=[{"kind": "stuck"}]), 3) == [65.27, 65.27, 65.27]
