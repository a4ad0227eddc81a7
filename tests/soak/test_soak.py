"""A short soak of the real gateway is clean, and one that breaks a promise is found guilty by it."""

from pathlib import Path
from random import Random

import pytest

from tests.soak.plant import SENSORS, Plant
from tests.soak.result import Result
from tests.soak.scenario import mqtt_scenario, serial_scenario, terminals
from tests.soak.soak import Pace, Soak
from tests.soak.trials import TRIALS, Trial

HASTY = Pace(calm_s=(0.2, 1.0))
KILL = [one for one in TRIALS if one.name == "gateway killed (SIGKILL)"]
QUICK = [one for one in TRIALS if one.name.startswith(("gateway killed", "MQTT broker killed", "Kafka killed"))]


def soaked(work_dir: Path, seconds: float, trials: list[Trial], sabotage: str = "") -> Result:
    result = Result(seconds / 3600, 3, len(SENSORS))
    with Plant(work_dir, seconds, 3, sabotage=sabotage, haste=0.1) as plant:
        Soak(plant, result, work_dir / "soak.json", trials, HASTY).run()
    result.end("done")
    return result


@pytest.mark.system
def test_a_short_soak_is_clean(tmp_path: Path) -> None:
    result = soaked(tmp_path, 20.0, QUICK)
    assert result.broken == {}
    assert not result.guilty
    assert [one.trouble for one in result.faults if one.trouble] == []
    assert result.faults
    assert result.records > 500
    assert '"proven": true' in result.verify


@pytest.mark.system
def test_a_gateway_that_acknowledges_before_the_commit_is_found_guilty(tmp_path: Path) -> None:
    result = soaked(tmp_path, 12.0, KILL, sabotage="slow_commits,ack_before_commit")
    assert "I1 lost" in result.broken
    assert result.guilty


def test_there_are_50_sensors_and_no_two_faults_have_one_name() -> None:
    assert len(set(SENSORS)) == 50
    assert len({one.name for one in TRIALS}) == len(TRIALS)


def test_a_seed_says_what_the_firmware_does(tmp_path: Path) -> None:
    lines = terminals(tmp_path, ["S1", "S2", "S3"], 2)
    assert [(one.sensors, one.format) for one in lines] == [(("S1", "S3"), "id-value"), (("S2",), "labelled")]
    first, again, other = (serial_scenario(lines, 1.0, 3_600, Random(seed)) for seed in (1, 1, 2))
    assert first == again != other
    assert first.count('kind = "unplug"') >= 6
    assert mqtt_scenario(1883, "p", ["A", "B", "C"], 1.0, Random(1)).count("[[device]]") == 2
