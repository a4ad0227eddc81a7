"""docs/firmware-sim.md against what it describes."""

import re
from pathlib import Path

from firmware_sim.faults import KINDS
from firmware_sim.personality import personalities
from firmware_sim.scenario import load

PAGE = (Path(__file__).parents[2] / "docs" / "firmware-sim.md").read_text(encoding="utf-8")


def test_every_personality_and_every_fault_is_described() -> None:
    named = set(re.findall(r"`([\w-]+)`", PAGE))
    assert personalities().keys() - named == set()
    assert KINDS.keys() - named == set()


def test_the_scenario_of_the_page_can_be_played(tmp_path: Path) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "scenario.toml").write_text(block, encoding="utf-8")
    assert [fault.kind for fault in load(tmp_path / "scenario.toml").device[0].fault] == ["cut", "sentinel", "unplug"]
