from typing import Any

import pytest

from gateway.cli.top import screen
from gateway.cli.view import duration, lines
from tests.gateway.health.examples import HEALTHY

JOURNAL = {"waiting": 3, "bytes": 3_000_000, "free_bytes": 1_000_000, "max_bytes": 8_000_000, "quarantined": 0}
NOW: dict[str, Any] = {**JOURNAL, **HEALTHY.document(), "dropped_total": {}}


def test_a_healthy_gateway_in_lines() -> None:
    assert list(lines(NOW)) == [
        "gateway   0.1.0, PID 4711, for 12 s",
        "now       well",
        "journal   pabrik-1/k3v9: 3 wait, 2.0 of 8.0 MB",
        "kafka     takes records: 40 delivered",
        "source    mqtt b:1883: up",
        "readings  44 (mqtt 44) taken, 6 superseded",
        "rejected  7 (no_temperature 7)",
        "sensor    S1     70.50 °C  0 s ago",
    ]


def test_every_trouble_has_its_line() -> None:
    troubled = NOW | {
        "state": "0 of 1 sources up",
        "unready": [{"reason": "kafka_down", "detail": "d"}],
        "kafka_down_s": 125.0,
        "kafka_error": "no broker answers",
        "journal_error": "the disk is full",
        "stuck": ["the journal hangs"],
        "sources": {"serial a": {"is_up": False, "error": "it is unplugged"}},
        "dropped_total": {"journal_full": 8},
        "quarantined": 2,
        "clock_unsynced": True,
    }
    assert list(lines(troubled))[1:-1] == [
        "now       0 of 1 sources up",
        "journal   pabrik-1/k3v9: 3 wait, 2.0 of 8.0 MB, 2 in quarantine",
        "kafka     DOWN for 2 min 5 s: no broker answers",
        "journal   FAILS: the disk is full",
        "stuck     the journal hangs",
        "source    serial a: DOWN, it is unplugged",
        "readings  44 (mqtt 44) taken, 6 superseded",
        "rejected  7 (no_temperature 7)",
        "LOST      8 (journal_full 8)",
        "clock     before this program was written: set it",
    ]


def test_rates_come_from_two_looks_and_not_over_a_restart() -> None:
    before = NOW | {"readings_total": {"mqtt": 24}, "delivered_total": 30, "running_s": 10.5}
    found = list(lines(NOW, before, 2.0))
    assert "kafka     takes records: 40 delivered (5/s)" in found
    assert "readings  44 (mqtt 44) taken (10/s), 6 superseded" in found
    for other in ({"pid": 1}, {"running_s": 100.0}):
        assert "/s)" not in "".join(lines(NOW, before | other, 2.0))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.9, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3_599, "59 min 59 s"), (7_260, "2 h 1 min"), (90_000, "1 d 1 h")],
)
def test_durations_as_a_person_says_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_screen_holds_what_fits_and_no_sequence_of_a_sensors_name() -> None:
    assert screen(["ab", "c\x1b[2Jd"], 3, 9) == "\x1b[Hab\x1b[K\r\nc�[\x1b[K\r\nCtr\x1b[K\x1b[J"
    assert screen(["1", "2", "3", "4"], 80, 4) == (
        "\x1b[H1\x1b[K\r\n2\x1b[K\r\n... and 2 lines more\x1b[K\r\nCtrl-C ends it\x1b[K\x1b[J"
    )
