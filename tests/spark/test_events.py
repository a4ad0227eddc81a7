import re
from pathlib import Path

from suhu_jobs.events import EventLog


def _line(event: str, **fields: object) -> str:
    lines: list[str] = []
    EventLog(lines.append)(event, **fields)
    [line] = lines
    stamp, rest = line.split(" ", 1)
    assert re.fullmatch(r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    return rest


def test_a_line_is_an_event_and_its_fields() -> None:
    assert _line("alerts ready", partitions=3, threshold_celsius=80.0, retry_in_s=0.5) == (
        'event="alerts ready" partitions=3 threshold_celsius=80 retry_in_s=0.5'
    )


def test_a_field_without_a_value_is_left_out() -> None:
    assert _line("stopped", reason=None) == "event=stopped"


def test_a_value_cannot_break_out_of_its_line() -> None:
    assert _line("x", reason='a "b"\nevent=y \x1b[2J', path=Path("/var/a b")) == (
        'event=x reason="a \\"b\\"\\nevent=y \\u001b[2J" path="/var/a b"'
    )


def test_a_plain_value_needs_no_quotes() -> None:
    assert (
        _line("x", servers="a:1,b:2", path=Path("/var/a-b"), empty="")
        == 'event=x servers=a:1,b:2 path=/var/a-b empty=""'
    )
