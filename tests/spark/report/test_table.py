import pytest
from suhu_jobs.report.table import MachineDay, duration, label, table


def test_each_machine_is_a_line_in_columns() -> None:
    days = [
        MachineDay("S1", 86_400, 58.31, 67.04, 95.95, 4_807.0, 3_605.4, 2_700.0, 1_795_305_639_000),
        MachineDay("S2", 1, 20.0, 20.0, 20.0, 0.0, 0.0, None, None),
    ]
    assert table(days, {"S1": "Tungku utara"}, 80.0).splitlines() == [
        "machine            readings  min °C  mean °C  max °C  above 80 °C  longest        longest silence",
        "Tungku utara (S1)     86400    58.3     67.0    96.0      1:20:07  1:00:05  0:45:00 from 00:00:39",
        "S2                        1    20.0     20.0    20.0      0:00:00  0:00:00                      -",
    ]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (86_399, "23:59:59")])
def test_a_duration_is_hours_minutes_and_seconds(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_sensor_cannot_break_out_of_its_line() -> None:
    assert label("S\n1\x1b[2J", {}) == "S\\u000a1\\u001b[2J"
