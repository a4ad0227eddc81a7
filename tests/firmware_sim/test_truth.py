from pathlib import Path

import pytest

from firmware_sim.errors import TruthUnwritable
from firmware_sim.frame import Frame, Outage, Reading
from firmware_sim.truth import TruthLog

FIRST = Frame("press-1", 0.0, b"T=70.2C\r\n", (Reading("S1", 70.2),), seq=1)
SECOND = Frame("press-1", 0.5, "sensor_id: Ofen-Süd, suhu: 83.4°C\r\n".encode(), (Reading("Ofen-Süd", 83.4),), seq=2)


def test_a_reading_is_a_line_that_can_be_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthLog(path) as truth:
        truth.note_emitted(FIRST, 1_795_320_326_228_469_484)
        assert path.read_text() == (
            '{"device": "press-1", "seq": 1, "text": "T=70.2C", "readings": [{"sensor_id": "S1", "celsius": 70.2}], '
            '"emitted_at_ns": 1795320326228469484}\n'
        )


def test_a_dropped_reading_says_so(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthLog(path) as truth:
        truth.note_dropped(SECOND, 5)
    assert path.read_text(encoding="utf-8") == (
        '{"device": "press-1", "seq": 2, "text": "sensor_id: Ofen-Süd, suhu: 83.4°C", '
        '"readings": [{"sensor_id": "Ofen-Süd", "celsius": 83.4}], "emitted_at_ns": 5, "dropped": true}\n'
    )


def test_emitted_is_counted_by_sensor_and_dropped_apart(tmp_path: Path) -> None:
    with TruthLog(None) as truth:
        truth.note_emitted(FIRST, 1)
        truth.note_emitted(FIRST, 2)
        truth.note_dropped(FIRST, 3)
        truth.note_emitted(SECOND, 4)
    assert (dict(truth.emitted), truth.dropped) == ({"S1": 2, "Ofen-Süd": 1}, 1)


def test_a_restart_keeps_the_evidence(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    for _ in range(2):
        with TruthLog(path) as truth:
            truth.note_emitted(FIRST, 1)
    assert len(path.read_text().splitlines()) == 2


def test_a_place_that_cannot_be_written_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(TruthUnwritable, match="No such file or directory"), TruthLog(tmp_path / "missing" / "t.jsonl"):
        pass


def test_a_full_disk_is_an_error() -> None:
    with TruthLog(Path("/dev/full")) as truth, pytest.raises(TruthUnwritable, match="No space left on device"):
        truth.note_emitted(FIRST, 1)


def test_a_damaged_frame_names_its_faults_and_what_may_still_come_out(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthLog(path) as truth:
        truth.note_emitted(FIRST.spoiled("noise", b"\x81\xffT=70.2C\r\n"), 7)
    assert truth.emitted == {}
    assert path.read_text() == (
        '{"device": "press-1", "seq": 1, "hex": "81ff543d37302e32430d0a", "readings": [], '
        '"allowed": [{"sensor_id": "S1", "celsius": 70.2}], "faults": ["noise"], "emitted_at_ns": 7}\n'
    )


def test_an_outage_is_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthLog(path) as truth:
        truth.note_outage(Outage("press-1", 4.0, 2.5, "unplug"), 9)
    assert path.read_text() == (
        '{"device": "press-1", "faults": ["unplug"], "readings": [], "duration_s": 2.5, "emitted_at_ns": 9}\n'
    )
