"""Lines on wires: what the firmware's truth file says, held against what landed."""

import json
from pathlib import Path
from typing import Any

from tests.soak.truth import LineLoss, Sent, line_loss

SENT = Sent([("S1", 1.0), ("S1", 2.0), ("S1", 3.0)], [100.0, 200.0, 300.0])


def test_the_truth_file_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    reading: dict[str, Any] = {"sensor_id": "S1", "celsius": 1.5}
    facts = [
        {"device": "d", "readings": [reading], "emitted_at_ns": 100_000_000_000},
        {"device": "d", "readings": [{**reading, "celsius": 2.5}], "dropped": True, "emitted_at_ns": 1},
        {"device": "d", "readings": [], "allowed": [{**reading, "celsius": 3.5}], "emitted_at_ns": 1},
        {"device": "d", "readings": [], "faults": ["unplug"], "duration_s": 4.0, "emitted_at_ns": 50_000_000_000},
    ]
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(f"{json.dumps(fact)}\n" for fact in facts) + '{"device"')
    assert Sent.read(path) == Sent([("S1", 1.5)], [100.0], {("S1", 3.5)}, [(50.0, 54.0)])


def test_everything_that_landed_is_a_clean_sheet() -> None:
    assert line_loss(SENT, [*SENT.readings, ("OTHER", 9.0)], ["S1"], []) == LineLoss(3, 0, [], [])


def test_a_line_that_is_missing_is_lost() -> None:
    found = line_loss(SENT, [("S1", 1.0), ("S1", 3.0)], ["S1"], [])
    assert found == LineLoss(3, 0, ["('S1', 2.0) sent at 200.0"], [])


def test_a_line_is_excused_only_while_nobody_listened() -> None:
    landed = [("S1", 1.0)]
    found = line_loss(SENT, landed, ["S1"], [(190.0, 210.0)])
    assert (found.excused, found.lost) == (1, ["('S1', 3.0) sent at 300.0"])
    unplugged = Sent(SENT.readings, SENT.at_s, set(), [(299.0, 301.0)])
    found = line_loss(unplugged, landed, ["S1"], [])
    assert (found.excused, found.lost) == (1, ["('S1', 2.0) sent at 200.0"])


def test_what_was_never_sent_is_invented() -> None:
    sent = Sent(SENT.readings, SENT.at_s, {("S1", 4.0)})
    found = line_loss(sent, [*SENT.readings, ("S1", 4.0), ("S1", 5.0)], ["S1"], [])
    assert found.invented == ["('S1', 5.0)"]
